"""Writing and drawing."""

from workers.demo_market.taxonomy.model import Branch, Leaf, Root, choice, flag, number

NOTEBOOKS = Leaf(
    "notebooks", "Notebooks", "book", 226, 1600, 0.45,
    makers=("Papyr", "Quarto", "Atelier Rive", "Blank & Bound"),
    nouns=("Notebook", "Pocket Notebook", "Sketchbook", "Planner", "Reporter Pad"),
    titles=("{maker} {noun} {format}, {ruling}, {colour}", "{maker} {ruling} {noun}, {colour}"),
    openings=(
        "A {ruling} {noun} in {format} that lies flat from the first page.",
        "{maker} binds this {noun} with thread, in {colour} cloth.",
        "Paper of 100 g that takes ink without bleeding: a {format} {noun}.",
    ),
    details=(
        "Numbered pages and an index.",
        "Two ribbons and a pocket at the back.",
        "The paper is made from cotton offcuts.",
    ),
    attributes=(
        choice("format", "Format", "A6", "A5", "B5", "A4"),
        choice("ruling", "Ruling", "dotted", "ruled", "squared", "plain"),
        choice("colour", "Colour", "ink", "brick", "sand", "pine"),
        number("pages", "Pages", "pages", 64, 320, 16),
    ),
    weight=1.1, season=9, is_consumable=True,
)  # fmt: skip

PENS = Leaf(
    "pens", "Pens & Inks", "bottle", 240, 2900, 0.75,
    makers=("Federwerk", "Quarto", "Tinta", "Ishiro"),
    nouns=("Fountain Pen", "Ballpoint", "Bottled Ink", "Mechanical Pencil", "Brush Pen"),
    titles=("{maker} {noun}, {colour}", "{maker} {noun} {nib} in {colour}"),
    openings=(
        "A {noun} in {colour} with a line {nib}, for letters and for lists.",
        "{maker} grinds and tests the tip of each {noun} by hand.",
        "The {noun} that nobody borrows twice, because you will not let it go.",
    ),
    details=(
        "Takes standard cartridges; a converter is included.",
        "Turned from resin, so each is a little different.",
        "The ink is waterproof after a minute.",
    ),
    attributes=(
        choice("colour", "Colour", "blue-black", "amber", "emerald", "matt black", "oxblood"),
        choice("nib", "Line", "extra fine", "fine", "medium", "broad"),
        flag("refillable", "Refillable", 0.8),
    ),
    season=9,
)  # fmt: skip

WATERCOLOUR = Leaf(
    "art-supplies", "Art Supplies", "box", 328, 3200, 0.65,
    makers=("Pigment & Co", "Atelier Rive", "Tinta", "Lasur"),
    nouns=("Watercolour Set", "Gouache Set", "Brush Set", "Oil Pastel Set", "Watercolour Block", "Linocut Kit"),
    titles=("{maker} {noun}, {pieces}", "{maker} {noun} '{series}', {pieces}"),
    openings=(
        "A {noun} of {pieces} from the series '{series}', with pigments that do not fade.",
        "{maker} mills the colours of this {noun} slowly, on granite.",
        "'{series}': a {noun} for people who paint outside.",
    ),
    details=(
        "Pans can be bought singly.",
        "In a tin that survives a rucksack.",
        "Free of animal glue.",
    ),
    attributes=(
        choice("series", "Series", "Studio", "Travel", "School", "Master"),
        number("pieces", "Pieces", "pieces", 4, 48, 4),
        flag("lightfast", "Lightfast", 0.7),
    ),
    weight=0.9,
)  # fmt: skip

PRINTS = Leaf(
    "prints", "Art Prints", "book", 190, 3900, 0.6,
    makers=("Blank & Bound", "Tinta", "Lumi Ateljé", "Galerie Neun"),
    nouns=("Screen Print", "Risograph", "Linocut Print", "Letterpress Print", "Fine Art Print"),
    titles=("{maker} {noun} '{motif}', {format}", "{maker} '{motif}', {noun} {format}"),
    openings=(
        "'{motif}', a {noun} in {format}, printed by hand and signed.",
        "{maker} prints '{motif}' in three layers, each mixed anew.",
        "A {noun} for the wall that has waited: '{motif}'.",
    ),
    details=(
        "On 300 g cotton paper, framed or rolled.",
        "Numbered; the plate is destroyed after the edition.",
        "Ships flat between boards.",
    ),
    attributes=(
        choice("motif", "Motif", "Heron", "Low Tide", "Stairwell", "Three Lemons", "Powerlines", "Snow Fence"),
        choice("format", "Format", "A5", "A4", "A3", "50 x 70 cm"),
        flag("framed", "Framed", 0.3),
    ),
    weight=0.9,
)  # fmt: skip

ROOT = Root(
    "paper", "Paper & Art",
    (Branch("writing", "Writing", (NOTEBOOKS, PENS)), Branch("art", "Art", (WATERCOLOUR, PRINTS))),
    closings=(
        "Made in the same street for three generations.",
        "Refills are always in stock.",
        "Posted in cardboard, not in foam.",
        "A swatch comes with every order.",
    ),
)  # fmt: skip
