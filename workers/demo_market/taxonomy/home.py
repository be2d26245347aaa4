"""Kitchen, living room, garden."""

from workers.demo_market.taxonomy.model import Branch, Leaf, Root, choice, flag, number, text

_CARE = text("care", "Care", "Wipe clean with a damp cloth", "Hand wash", "Dishwasher, top rack", "Oil twice a year")

COFFEE_GEAR = Leaf(
    "coffee-gear", "Coffee Makers", "bottle", 24, 4900, 0.65,
    makers=("Halden", "Kirnu", "Ostra", "Brevi", "Tavola Nord", "Sumi"),
    nouns=("Pour-Over Dripper", "Gooseneck Kettle", "Hand Grinder", "French Press", "Moka Pot", "Cold Brew Carafe"),
    titles=("{maker} {noun}, {volume}, {colour}", "{maker} {noun} in {material}, {colour}"),
    openings=(
        "A {noun} in {colour} {material} for {volume} of coffee, made to be used every morning.",
        "{maker} has built this {noun} around one idea: even extraction without fuss.",
        "A {material} {noun} that pours slowly and cleans in a minute.",
    ),
    details=(
        "The handle stays cool, and every part can be ordered singly.",
        "The lid seals tightly enough to keep the heat for half an hour.",
        "The scale inside is engraved, so it does not wash off.",
        "Fits common paper filters; a reusable steel one is in the box.",
    ),
    attributes=(
        choice("material", "Material", "stainless steel", "borosilicate glass", "ceramic", "copper"),
        choice("colour", "Colour", "matt black", "ivory", "brushed steel", "moss green"),
        number("volume", "Volume", "l", 0.3, 1.2, 0.1),
        flag("induction", "Works on induction", 0.3),
        _CARE,
    ),
    weight=1.3,
)  # fmt: skip

COOKWARE = Leaf(
    "cookware", "Pots & Pans", "box", 14, 7200, 0.55,
    makers=("Ferrum", "Halden", "Maison Aubrac", "Grov", "Tavola Nord", "Castell"),
    nouns=("Frying Pan", "Casserole", "Sauté Pan", "Saucepan", "Wok", "Roasting Tin"),
    titles=("{maker} {noun} {diameter}, {material}", "{maker} {material} {noun}, {diameter}"),
    openings=(
        "A {material} {noun} of {diameter} that browns evenly from edge to edge.",
        "This {noun} by {maker} is heavy where heat should stay and light where you hold it.",
        "Made for daily cooking: a {diameter} {noun} in {material}.",
    ),
    details=(
        "Riveted handle, oven-safe to 250 °C.",
        "The base is ground flat and does not warp on a hot ring.",
        "Pre-seasoned at the foundry with linseed oil.",
        "The rim is rolled, so sauce goes where you pour it.",
    ),
    attributes=(
        choice("material", "Material", "cast iron", "carbon steel", "stainless steel", "enamelled steel", "copper"),
        number("diameter", "Diameter", "cm", 16, 32, 2),
        flag("induction", "Works on induction", 0.7),
        flag("lid", "With lid", 0.5),
        _CARE,
    ),
    weight=1.2,
)  # fmt: skip

KNIVES = Leaf(
    "knives", "Knives & Boards", "box", 205, 6400, 0.7,
    makers=("Ishiro", "Solvang", "Castell", "Morrow & Fen", "Grov"),
    nouns=("Chef's Knife", "Santoku", "Paring Knife", "Bread Knife", "Chopping Board", "Nakiri"),
    titles=("{maker} {noun} {length}, {handle} handle", "{maker} {noun}, {handle}, {length}"),
    openings=(
        "A {noun} of {length} with {handle}, ground thin and finished by hand.",
        "{maker}'s {noun} does one thing, and keeps doing it for decades.",
        "Balanced at the heel: a {length} {noun} that never tires the wrist.",
    ),
    details=(
        "Sharpened at 15° a side; a leather guard is included.",
        "Comes with a voucher for one free resharpening.",
        "The grain of each piece is its own, so yours will differ from the picture.",
        "Hardened to 60 HRC, so the edge lasts.",
    ),
    attributes=(
        choice("handle", "Handle", "walnut", "olive wood", "pakka wood", "oak"),
        number("length", "Length", "cm", 9, 36, 1),
        flag("left_handed", "For left-handers too", 0.6),
        _CARE,
    ),
)  # fmt: skip

LIGHTING = Leaf(
    "lighting", "Lighting", "lamp", 46, 8900, 0.7,
    makers=("Lumi Ateljé", "Noor", "Ostra", "Volta Due", "Kaamos"),
    nouns=("Table Lamp", "Floor Lamp", "Pendant Light", "Wall Light", "Reading Lamp", "Paper Lantern"),
    titles=("{maker} {noun}, {material}, {colour}", "{maker} {noun} in {colour}, {lumen}"),
    openings=(
        "A {noun} in {colour} {material} with a soft light of {lumen}.",
        "The {noun} by {maker} throws light where you read and leaves the corners dark.",
        "Warm, dimmable, quiet: a {material} {noun} for evenings at home.",
    ),
    details=(
        "The cable is woven cotton, 2 metres, with a switch on it.",
        "Takes a common E27 bulb; one is included.",
        "Dims in three steps by a touch on the foot.",
        "Assembled without tools in five minutes.",
    ),
    attributes=(
        choice("material", "Material", "brass", "linen", "opal glass", "rattan", "powder-coated steel"),
        choice("colour", "Colour", "sand", "black", "white", "terracotta", "brass"),
        number("lumen", "Brightness", "lm", 200, 1200, 100),
        flag("dimmable", "Dimmable", 0.6),
    ),
    weight=1.2, season=11,
)  # fmt: skip

THROWS = Leaf(
    "throws-cushions", "Throws & Cushions", "box", 340, 4500, 0.55,
    makers=("Lanolin", "Ullvik", "Casa Medina", "Fen Mill", "Noor"),
    nouns=("Throw", "Cushion Cover", "Bedspread", "Floor Cushion", "Blanket"),
    titles=("{maker} {material} {noun}, {colour}", "{maker} {noun} in {colour} {material}"),
    openings=(
        "A {noun} of {material} in {colour}, woven in a mill that has done nothing else since 1921.",
        "Soft without being thin: {maker}'s {material} {noun}.",
        "A {colour} {noun} that makes a sofa look slept on in the good way.",
    ),
    details=(
        "The fringe is twisted by hand.",
        "Washes at 30 degrees and dries flat.",
        "Certified free of harmful dyes.",
        "Hidden zip, so the cover turns and washes easily.",
    ),
    attributes=(
        choice("material", "Material", "merino wool", "linen", "organic cotton", "alpaca", "velvet"),
        choice("colour", "Colour", "oatmeal", "rust", "ink blue", "sage", "mustard", "charcoal"),
        number("width", "Width", "cm", 40, 220, 10),
        flag("washable", "Machine washable", 0.7),
    ),
    weight=1.1, season=12,
)  # fmt: skip

TABLEWARE = Leaf(
    "tableware", "Tableware", "ball", 188, 3200, 0.55,
    makers=("Tavola Nord", "Lehm", "Casa Medina", "Sumi", "Ostra"),
    nouns=("Dinner Plate", "Breakfast Bowl", "Mug", "Serving Platter", "Carafe", "Espresso Cup"),
    titles=("{maker} {noun}, {glaze} glaze, set of {pieces}", "{maker} {noun} set of {pieces}, {glaze}"),
    openings=(
        "A set of {pieces}: each {noun} is thrown on the wheel and glazed in {glaze}.",
        "{maker}'s {noun} in {glaze}: no two are quite alike.",
        "Stoneware for every day, in a {glaze} glaze that hides a scratch.",
    ),
    details=(
        "Safe in the dishwasher and the microwave.",
        "The foot is ground smooth and does not mark the table.",
        "Single pieces can be bought again later.",
        "Fired twice at 1240 °C.",
    ),
    attributes=(
        choice("glaze", "Glaze", "celadon", "tenmoku", "matt white", "speckled sand", "cobalt"),
        number("pieces", "Pieces", "pcs", 2, 6, 1),
        flag("dishwasher_safe", "Dishwasher safe", 0.8),
    ),
    weight=1.1,
)  # fmt: skip

PLANTERS = Leaf(
    "planters", "Planters", "plant", 18, 2900, 0.6,
    makers=("Lehm", "Grüne Werkstatt", "Terra Due", "Verdano"),
    nouns=("Planter", "Hanging Pot", "Window Box", "Self-Watering Pot", "Plant Stand"),
    titles=("{maker} {noun} {diameter}, {material}", "{maker} {material} {noun}, {colour}, {diameter}"),
    openings=(
        "A {noun} of {diameter} in {colour} {material}.",
        "{maker}'s {noun} lets roots breathe and keeps the sill dry.",
        "Thick {material}, a drainage hole, a saucer: a {noun} as it should be.",
    ),
    details=(
        "Frost-proof to -15 °C.",
        "The saucer belongs to it and is glazed inside.",
        "Hooks and rope are in the box.",
    ),
    attributes=(
        choice("material", "Material", "terracotta", "fibre clay", "zinc", "glazed ceramic"),
        choice("colour", "Colour", "natural", "white", "anthracite", "ochre"),
        number("diameter", "Diameter", "cm", 10, 50, 5),
        flag("frost_proof", "Frost-proof", 0.5),
    ),
    season=4,
)  # fmt: skip

GARDEN_TOOLS = Leaf(
    "garden-tools", "Garden Tools", "box", 96, 3400, 0.55,
    makers=("Spade & Son", "Verdano", "Grüne Werkstatt", "Kestrel"),
    nouns=("Hand Trowel", "Secateurs", "Weeding Fork", "Watering Can", "Pruning Saw", "Border Spade"),
    titles=("{maker} {noun}, {handle} handle", "{maker} {noun} in {material}, {handle}"),
    openings=(
        "A {noun} in {material} with a {handle} handle, for wet clay and dry roots.",
        "{maker} forges this {noun} from one piece, so there is no weld to break.",
        "A {noun} that can be sharpened, oiled and handed on.",
    ),
    details=(
        "Guaranteed for 25 years against breaking.",
        "Replacement springs and blades are always in stock.",
        "A leather loop hangs it where you will find it again.",
    ),
    attributes=(
        choice("material", "Material", "forged steel", "stainless steel", "galvanised steel", "copper"),
        choice("handle", "Handle", "ash", "oak", "beech"),
        number("weight", "Weight", "g", 150, 1800, 50),
    ),
    weight=0.9, season=4,
)  # fmt: skip

SEEDS = Leaf(
    "seeds", "Seeds & Bulbs", "plant", 110, 590, 0.5,
    makers=("Verdano", "Heirloom Row", "Saatgut Elbe", "Bee & Bloom"),
    nouns=("Tomato", "Sweet Pea", "Sunflower", "Chilli", "Wildflower Mix", "Basil", "Tulip Bulbs", "Kale"),
    titles=("{maker} {noun} '{variety}'", "{maker} {noun} '{variety}', {seeds}"),
    openings=(
        "{noun} '{variety}', an old kind that seeds true: keep some and sow it again.",
        "Open-pollinated {noun}, {seeds} to a packet, tested for germination this season.",
        "'{variety}' is the {noun} that neighbours ask about.",
    ),
    details=(
        "Sow under glass from March, outside after the last frost.",
        "Loved by bees from June until the first frost.",
        "Printed with a sowing calendar on the inside of the packet.",
    ),
    attributes=(
        choice("variety", "Variety", "Aurora", "Old Harbour", "Velvet Queen", "Great-Aunt Ida", "Ember", "Nightfall", "First Frost", "Lowland"),
        number("seeds", "Seeds", "seeds", 10, 200, 10),
        flag("organic", "Organic", 0.6),
    ),
    weight=0.9, season=3, is_consumable=True,
)  # fmt: skip

ROOT = Root(
    "home", "Home & Garden",
    (
        Branch("kitchen", "Kitchen", (COFFEE_GEAR, COOKWARE, KNIVES)),
        Branch("living", "Living", (LIGHTING, THROWS, TABLEWARE)),
        Branch("garden", "Garden", (PLANTERS, GARDEN_TOOLS, SEEDS)),
    ),
    closings=(
        "Packed without plastic.",
        "Made in small batches, so a colour may sell out.",
        "Returns within 30 days, no questions.",
        "Spare parts are kept for ten years.",
    ),
)  # fmt: skip
