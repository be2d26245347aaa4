"""Camping and cycling."""

from workers.demo_market.taxonomy.model import Branch, Leaf, Root, choice, flag, number, text

TENTS = Leaf(
    "tents", "Tents & Tarps", "box", 88, 28900, 0.6,
    makers=("Fell & Field", "Vidda", "Kestrel", "Alpenrot"),
    nouns=("Tunnel Tent", "Dome Tent", "Tarp", "Trekking Tent", "Bivvy"),
    titles=("{maker} {noun} {model}, {persons}", "{maker} {model} {noun} for {persons}, {colour}"),
    openings=(
        "The {model}: a {noun} for {persons} that stands in four minutes.",
        "{maker} tests every {noun} in a storm before it dares to sell it.",
        "A {colour} {noun} for nights when the forecast was wrong.",
    ),
    details=(
        "Poles of 7001 aluminium, a repair sleeve is in the bag.",
        "Two doors, two porches, no quarrel.",
        "Packs down to the size of a loaf.",
    ),
    attributes=(
        choice("colour", "Colour", "moss", "sand", "signal orange"),
        number("persons", "Sleeps", "people", 2, 5, 1),
        number("weight", "Weight", "kg", 0.6, 5.4, 0.2),
        flag("four_season", "Four-season", 0.3),
        text("model", "Model", "Lapp", "Col", "Hytte", "Sarek", "Bothy"),
    ),
    weight=0.8, season=5,
)  # fmt: skip

SLEEPING = Leaf(
    "sleeping-bags", "Sleeping Bags & Mats", "box", 260, 14900, 0.55,
    makers=("Vidda", "Alpenrot", "Nuit Claire", "Fell & Field"),
    nouns=("Down Sleeping Bag", "Quilt", "Inflatable Mat", "Foam Mat", "Summer Sleeping Bag"),
    titles=("{maker} {noun}, comfort {comfort}", "{maker} {noun} {weight}, {colour}"),
    openings=(
        "A {noun} for nights down to {comfort}, {weight} to carry.",
        "{maker}'s {noun} keeps its loft for years if you hang it up.",
        "Warm feet at {comfort}: that is the whole idea of this {noun}.",
    ),
    details=(
        "The zip has a guard and does not catch.",
        "Responsible down, traceable by the number on the label.",
        "Comes with a stuff sack and a large bag for home.",
    ),
    attributes=(
        choice("colour", "Colour", "ink", "rust", "lichen"),
        number("comfort", "Comfort", "°C", -15, 12, 1),
        number("weight", "Weight", "g", 350, 1800, 50),
    ),
    weight=0.8, season=5,
)  # fmt: skip

CAMP_KITCHEN = Leaf(
    "camp-kitchen", "Camp Kitchen", "bottle", 28, 4200, 0.6,
    makers=("Spritbrand", "Vidda", "Kestrel", "Alpenrot"),
    nouns=("Gas Stove", "Titanium Pot", "Spork", "Insulated Bottle", "Storm Stove", "Folding Cup"),
    titles=("{maker} {noun}, {weight}", "{maker} {noun} in {material}, {weight}"),
    openings=(
        "A {noun} in {material} of {weight}: it goes along even when every gram counts.",
        "{maker} has made this {noun} for forty years and changed it twice.",
        "Hot coffee above the tree line: the {noun} in {material}.",
    ),
    details=(
        "Boils half a litre in three minutes.",
        "Nests with the rest of the series.",
        "No coating that could scratch off.",
    ),
    attributes=(
        choice("material", "Material", "titanium", "stainless steel", "aluminium"),
        number("weight", "Weight", "g", 20, 600, 20),
    ),
    season=6,
)  # fmt: skip

BIKE_LIGHTS = Leaf(
    "bike-lights", "Bike Lights & Locks", "lamp", 4, 4900, 0.6,
    makers=("Strada", "Lumo", "Radwerk", "Volta Due"),
    nouns=("Front Light", "Rear Light", "Light Set", "Folding Lock", "U-Lock", "Bell"),
    titles=("{maker} {noun} {model}, {colour}", "{maker} {model} {noun}"),
    openings=(
        "The {model} is a {noun} that commuters do not have to think about.",
        "{maker} turns this {noun} from a solid bar, in {colour}.",
        "Seen early, gone never: the {noun} {model}.",
    ),
    details=(
        "Charges by USB-C in an hour.",
        "Mounts on every bar without a tool.",
        "Tested to the highest security class.",
    ),
    attributes=(
        choice("colour", "Colour", "black", "silver", "brass"),
        number("weight", "Weight", "g", 40, 1500, 20),
        flag("usb", "Charges by USB", 0.6),
        text("model", "Model", "Lux 60", "Dot", "Beam", "Fort", "Ping"),
    ),
    season=10,
)  # fmt: skip

BIKE_BAGS = Leaf(
    "bike-bags", "Bike Bags", "box", 52, 7900, 0.45,
    makers=("Radwerk", "Portmore", "Strada", "Vidda"),
    nouns=("Pannier", "Handlebar Bag", "Frame Bag", "Saddle Bag", "Top-Tube Bag"),
    titles=("{maker} {noun} {volume}, {colour}", "{maker} {noun} in {colour}, {volume}"),
    openings=(
        "A {noun} of {volume} that is still dry inside when you are not.",
        "{maker}'s {noun} clicks on with one hand.",
        "For bread, for maps, for a week: {volume} in {colour}.",
    ),
    details=(
        "Welded seams, roll closure.",
        "Does not swing, even out of the saddle.",
        "Reflective prints on both sides.",
    ),
    attributes=(
        choice("colour", "Colour", "black", "olive", "mustard", "petrol"),
        number("volume", "Volume", "l", 1, 25, 1),
        flag("waterproof", "Waterproof", 0.6),
    ),
    weight=0.9, season=5,
)  # fmt: skip

ROOT = Root(
    "outdoors", "Outdoors",
    (
        Branch("camping", "Camping", (TENTS, SLEEPING, CAMP_KITCHEN)),
        Branch("cycling", "Cycling", (BIKE_LIGHTS, BIKE_BAGS)),
    ),
    closings=(
        "Tried out by the people who answer the phone.",
        "We mend what we sell.",
        "One per cent of the price goes to mountain paths.",
        "Guaranteed for five years.",
    ),
)  # fmt: skip
