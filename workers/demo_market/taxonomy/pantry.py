"""Things to drink and to eat."""

from workers.demo_market.taxonomy.model import Branch, Leaf, Root, choice, flag, number

BEANS = Leaf(
    "coffee-beans", "Coffee Beans", "bottle", 22, 1400, 0.35,
    makers=("Rösterei Anker", "Third Floor", "Bruno & Bean", "Altiplano"),
    nouns=("Espresso", "Filter Roast", "House Blend", "Single Origin", "Decaf"),
    titles=("{maker} {noun} {origin}, {weight}", "{maker} {origin} {noun}, {notes}"),
    openings=(
        "{noun} from {origin} that tastes of {notes}, {weight}.",
        "{maker} roasts this {noun} on Tuesdays and posts it on Wednesdays.",
        "{origin} in a cup: {notes}, and a long finish.",
    ),
    details=(
        "Traded directly; the price paid to the farm is on the bag.",
        "Roasted light enough to taste the fruit.",
        "Rest it for a week, then drink it within a month.",
    ),
    attributes=(
        choice("origin", "Origin", "Ethiopia", "Colombia", "Kenya", "Guatemala", "Brazil", "Sumatra"),
        choice("notes", "Notes", "blueberry and jasmine", "chocolate and hazelnut", "blackcurrant", "caramel and orange", "cedar and spice"),
        number("weight", "Weight", "g", 250, 1000, 250),
        flag("organic", "Organic", 0.5),
    ),
    weight=1.1, is_consumable=True,
)  # fmt: skip

TEAS = Leaf(
    "teas", "Tea", "plant", 92, 1200, 0.5,
    makers=("Blatt & Blüte", "Steep", "Sumi", "Altiplano"),
    nouns=("Green Tea", "Black Tea", "Oolong", "Herbal Tea", "White Tea", "Matcha"),
    titles=("{maker} {noun} {origin}, {weight}", "{maker} {origin} {noun}"),
    openings=(
        "{noun} from {origin}, {weight}, picked this spring.",
        "{maker} buys this {noun} from one family in {origin}.",
        "Three infusions at least: a {noun} with patience.",
    ),
    details=(
        "In a tin that keeps it dry.",
        "Best at 80 °C for two minutes.",
        "Whole leaves, no dust, no bag.",
    ),
    attributes=(
        choice("origin", "Origin", "Darjeeling", "Uji", "Yunnan", "Assam", "Alentejo", "Alishan"),
        number("weight", "Weight", "g", 30, 250, 10),
        flag("organic", "Organic", 0.6),
    ),
    is_consumable=True,
)  # fmt: skip

CHOCOLATE = Leaf(
    "chocolate", "Chocolate", "box", 16, 790, 0.45,
    makers=("Cacaoterie", "Bitter & Sweet", "Bruno & Bean", "Schmelz"),
    nouns=("Dark Chocolate", "Milk Chocolate", "Filled Chocolate", "Drinking Chocolate", "Praline Box"),
    titles=("{maker} {noun} {cocoa}, {origin}", "{maker} {origin} {noun}, {weight}"),
    openings=(
        "{noun} with {cocoa} from {origin} beans, {weight}.",
        "{maker} grinds the beans of {origin} for three days.",
        "Snaps cleanly, melts slowly: {noun} from {origin}.",
    ),
    details=(
        "Cocoa, sugar, patience; no vanilla, no lecithin.",
        "The paper is printed by the makers of 'Heron'.",
        "A little salt at the end.",
    ),
    attributes=(
        choice("origin", "Origin", "Madagascar", "Ecuador", "Tanzania", "Peru", "Ghana"),
        number("cocoa", "Cocoa", "%", 40, 90, 5),
        number("weight", "Weight", "g", 50, 300, 10),
        flag("vegan", "Vegan", 0.5),
    ),
    weight=1.1, season=12, is_consumable=True,
)  # fmt: skip

HONEY = Leaf(
    "honey-preserves", "Honey & Preserves", "bottle", 44, 1100, 0.4,
    makers=("Imkerei Holm", "Casa Medina", "Bee & Bloom", "Marmelo"),
    nouns=("Honey", "Jam", "Marmalade", "Chutney", "Nut Butter"),
    titles=("{maker} {flavour} {noun}, {weight}", "{maker} {noun}, {flavour}"),
    openings=(
        "{noun} of {flavour}, {weight}, stirred in a small kitchen.",
        "{maker} fills this {noun} in the week of the harvest.",
        "{flavour}, and almost nothing else: a {noun} for good bread.",
    ),
    details=(
        "Two thirds fruit.",
        "The jar is taken back.",
        "From bees that never travel.",
    ),
    attributes=(
        choice("flavour", "Flavour", "lime blossom", "apricot", "bitter orange", "plum", "heather", "hazelnut"),
        number("weight", "Weight", "g", 120, 500, 20),
        flag("organic", "Organic", 0.5),
    ),
    is_consumable=True,
)  # fmt: skip

ROOT = Root(
    "pantry", "Pantry",
    (Branch("drinks", "Coffee & Tea", (BEANS, TEAS)), Branch("sweet", "Sweet Things", (CHOCOLATE, HONEY))),
    closings=(
        "Posted on the day you order.",
        "Keep it dark and cool.",
        "Tastes better shared.",
        "Best before a date that we actually mean.",
    ),
)  # fmt: skip
