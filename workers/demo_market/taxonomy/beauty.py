"""Skin and scent."""

from workers.demo_market.taxonomy.model import Branch, Leaf, Root, choice, flag, number

FACE = Leaf(
    "face-care", "Face Care", "bottle", 318, 2900, 0.55,
    makers=("Havtorn", "Pelle", "Botanica Due", "Klinik Lind"),
    nouns=("Face Cream", "Cleansing Oil", "Serum", "Sunscreen SPF 50", "Clay Mask", "Eye Balm"),
    titles=("{maker} {noun} with {ingredient}, {volume}", "{maker} {ingredient} {noun}"),
    openings=(
        "A {noun} with {ingredient} for {skin} skin, {volume}.",
        "{maker} leaves out what {skin} skin does not need, and keeps {ingredient}.",
        "Nine ingredients, one of them {ingredient}: a quiet {noun}.",
    ),
    details=(
        "Without perfume, without silicones.",
        "The bottle goes back and is filled again.",
        "Absorbs in a minute and leaves no film.",
    ),
    attributes=(
        choice("ingredient", "Ingredient", "sea buckthorn", "niacinamide", "jojoba", "calendula", "squalane"),
        choice("skin", "Skin type", "dry", "sensitive", "normal", "oily"),
        number("volume", "Volume", "ml", 15, 150, 5),
        flag("vegan", "Vegan", 0.7),
    ),
    weight=1.1, is_consumable=True,
)  # fmt: skip

SOAPS = Leaf(
    "soaps", "Soap & Bath", "box", 82, 1200, 0.45,
    makers=("Seifenhaus", "Havtorn", "Savon Rive", "Botanica Due"),
    nouns=("Bar Soap", "Shampoo Bar", "Bath Salt", "Shaving Soap", "Hand Wash"),
    titles=("{maker} {noun}, {scent}", "{maker} {scent} {noun}, {weight}"),
    openings=(
        "A {noun} scented with {scent}, {weight}, cured for six weeks.",
        "{maker} stirs this {noun} in a copper kettle.",
        "{scent}, foam, quiet: a {noun} for slow mornings.",
    ),
    details=(
        "Cold-processed with olive and coconut oil.",
        "Wrapped in paper that can be planted.",
        "Lasts for about sixty showers.",
    ),
    attributes=(
        choice("scent", "Scent", "cedar", "lavender", "bergamot", "rosemary", "unscented"),
        number("weight", "Weight", "g", 60, 400, 20),
        flag("vegan", "Vegan", 0.7),
    ),
    weight=1.1, is_consumable=True,
)  # fmt: skip

CANDLES = Leaf(
    "candles", "Candles", "lamp", 40, 2600, 0.5,
    makers=("Kaamos", "Savon Rive", "Noor", "Wax & Wick"),
    nouns=("Scented Candle", "Pillar Candle", "Beeswax Taper", "Travel Candle", "Reed Diffuser"),
    titles=("{maker} {noun}, {scent}", "{maker} {scent} {noun}, {hours}"),
    openings=(
        "A {noun} that smells of {scent} and burns for {hours}.",
        "{scent}, as if somebody had opened a window: a {noun} by {maker}.",
        "Poured by hand; {hours} of {scent}.",
    ),
    details=(
        "Rapeseed and bees' wax, a cotton wick, nothing else.",
        "The glass becomes a tumbler afterwards.",
        "Trim the wick and it will not smoke.",
    ),
    attributes=(
        choice("scent", "Scent", "fig leaf", "wood smoke", "sea salt", "black tea", "pine"),
        number("hours", "Burning time", "h", 10, 80, 5),
        flag("vegan", "Vegan", 0.5),
    ),
    weight=1.1, season=12, is_consumable=True,
)  # fmt: skip

PERFUME = Leaf(
    "perfume", "Perfume", "bottle", 292, 8900, 0.5,
    makers=("Maison Aubrac", "Nuit Claire", "Pelle", "Sillage 9"),
    nouns=("Eau de Parfum", "Eau de Cologne", "Perfume Oil", "Solid Perfume"),
    titles=("{maker} {noun} '{note}', {volume}", "{maker} '{note}' {noun}"),
    openings=(
        "'{note}' is a {noun} that starts bright and ends on skin.",
        "{maker} composed '{note}' in one summer and corrected it for three.",
        "{volume} of '{note}': noticed by those who stand near.",
    ),
    details=(
        "The flacon can be refilled.",
        "Natural raw materials make up four fifths of it.",
        "A sample of 2 ml comes with it; try that first.",
    ),
    attributes=(
        choice("note", "Note", "Vetiver Rain", "Neroli Court", "Iron Rose", "Paper & Ink", "Green Fig"),
        number("volume", "Volume", "ml", 10, 100, 10),
    ),
    weight=0.8, season=2,
)  # fmt: skip

ROOT = Root(
    "beauty", "Beauty",
    (Branch("skin", "Skin & Body", (FACE, SOAPS)), Branch("scent", "Scent", (CANDLES, PERFUME))),
    closings=(
        "Never tested on animals.",
        "Made in batches of two hundred.",
        "The full list of ingredients is on the label, in plain words.",
        "Best within a year of opening.",
    ),
)  # fmt: skip
