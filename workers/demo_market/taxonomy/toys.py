"""Games and toys."""

from workers.demo_market.taxonomy.model import Branch, Leaf, Root, choice, flag, number, text

BOARD_GAMES = Leaf(
    "board-games", "Board Games", "box", 0, 3900, 0.45,
    makers=("Meeple House", "Spielhof", "Ludo Nova", "Table Nine"),
    nouns=("Strategy Game", "Card Game", "Family Game", "Cooperative Game", "Party Game", "Two-Player Game"),
    titles=("{model}: a {noun} by {maker}", "{maker} {model}, {noun} for {players}"),
    openings=(
        "{model} is a {noun} for up to {players}, over in {minutes}.",
        "In {model} you learn the rules in five minutes and regret your first move in ten.",
        "A {noun} with a sharp idea: {model} by {maker}.",
    ),
    details=(
        "Wooden pieces, linen cards, a box that closes.",
        "The rules come in six languages.",
        "Plays well at every count, which is rare.",
    ),
    attributes=(
        number("players", "Players", "players", 2, 8, 1),
        number("minutes", "Time", "min", 15, 150, 15),
        flag("language_free", "Free of language", 0.4),
        text("model", "Title", "Harbour Lights", "Fen & Fallow", "The Ninth Bridge", "Saltmarsh", "Orrery", "Caravan North", "Paper Crown", "Tide Table", "Lantern Row", "Moss"),
    ),
    weight=1.1, season=12,
)  # fmt: skip

PUZZLES = Leaf(
    "puzzles", "Puzzles", "box", 178, 2400, 0.4,
    makers=("Spielhof", "Piece by Piece", "Ludo Nova"),
    nouns=("Jigsaw", "Wooden Jigsaw", "3D Puzzle", "Brain Teaser"),
    titles=("{maker} {noun} '{motif}', {pieces}", "{maker} '{motif}' {noun}"),
    openings=(
        "'{motif}': a {noun} with {pieces} for a wet weekend.",
        "{maker} cuts each {noun} so that no two pieces are alike.",
        "{pieces}, one picture, no screen: '{motif}'.",
    ),
    details=(
        "Matt print, no glare under a lamp.",
        "If a piece is missing, we cut you a new one.",
        "The box doubles as a sorting tray.",
    ),
    attributes=(
        choice("motif", "Motif", "Old Harbour", "Botanical Plate", "Night Train", "Map of Winds", "Alpine Hut"),
        number("pieces", "Pieces", "pieces", 100, 2000, 100),
    ),
    weight=0.8, season=12,
)  # fmt: skip

WOODEN = Leaf(
    "wooden-toys", "Wooden Toys", "box", 36, 2900, 0.5,
    makers=("Holzwurm", "Little Birch", "Spielhof", "Plank & Co"),
    nouns=("Building Blocks", "Pull-Along Duck", "Train Set", "Stacking Tower", "Marble Run", "Balance Board"),
    titles=("{maker} {noun}, {wood}", "{maker} {noun} in {wood}, from {age}"),
    openings=(
        "{noun} in {wood}, sanded until nothing can splinter; from {age}.",
        "{maker} paints its {noun} with dyes made for food.",
        "A toy that does nothing by itself, which is the point: {noun}.",
    ),
    details=(
        "From forests within 100 km of the workshop.",
        "Corners rounded, edges oiled.",
        "Works with rails and blocks of other makers.",
    ),
    attributes=(
        choice("wood", "Wood", "beech", "maple", "birch", "lime"),
        number("age", "From age", "years", 2, 6, 1),
        flag("painted", "Painted", 0.5),
    ),
    season=12,
)  # fmt: skip

CONSTRUCTION = Leaf(
    "construction-kits", "Construction Kits", "device", 210, 4500, 0.55,
    makers=("Baukasten", "Ludo Nova", "Little Birch", "Tinker Yard"),
    nouns=("Crane Kit", "Robot Kit", "Radio Kit", "Clock Kit", "Bridge Kit", "Glider Kit"),
    titles=("{maker} {noun}, {parts}", "{maker} {noun} from {age}, {parts}"),
    openings=(
        "A {noun} of {parts} that explains itself while it is built; from {age}.",
        "{maker} gives this {noun} a manual worth reading.",
        "{parts}, an afternoon, and something that moves: the {noun}.",
    ),
    details=(
        "Screws instead of glue: build it again, differently.",
        "All tools are in the box.",
        "Spare parts cost postage only.",
    ),
    attributes=(
        number("parts", "Parts", "parts", 40, 800, 20),
        number("age", "From age", "years", 6, 14, 1),
        flag("electric", "Electric", 0.4),
    ),
    weight=0.9, season=12,
)  # fmt: skip

ROOT = Root(
    "toys", "Toys & Games",
    (Branch("games", "Games", (BOARD_GAMES, PUZZLES)), Branch("play", "Toys", (WOODEN, CONSTRUCTION))),
    closings=(
        "Tested by children, who are strict.",
        "Wrapped as a gift if you say so at checkout.",
        "Meets EN 71.",
        "Printed and packed in Europe.",
    ),
)  # fmt: skip
