"""Things to hear with and to work at."""

from workers.demo_market.taxonomy.model import Branch, Leaf, Root, choice, flag, number, text

HEADPHONES = Leaf(
    "headphones", "Headphones", "device", 220, 12900, 0.7,
    makers=("Auden", "Klar", "Nocturne", "Fjord Audio", "Mono"),
    nouns=("Over-Ear Headphones", "On-Ear Headphones", "In-Ear Monitors", "Wireless Earbuds", "Studio Headphones"),
    titles=("{maker} {noun} {model}, {colour}", "{maker} {model} {noun}"),
    openings=(
        "The {model} are {noun} with a calm, wide sound and {battery} of battery.",
        "{maker} tuned the {model} by ear in a living room, not in a laboratory.",
        "{noun} for long days: light, {colour}, and quiet outside.",
    ),
    details=(
        "Pads and cable can be changed without tools.",
        "Two devices can be connected at once.",
        "Folds flat; a hard case is included.",
        "Ten minutes of charging last for five hours.",
    ),
    attributes=(
        choice("colour", "Colour", "graphite", "cream", "forest", "midnight blue"),
        choice("connection", "Connection", "Bluetooth 5.3", "wired", "Bluetooth and wired"),
        number("battery", "Battery", "h", 6, 60, 2),
        flag("noise_cancelling", "Noise cancelling", 0.5),
        text("model", "Model", "H1", "H2 Pro", "Vesper", "Lento", "Arc 40", "Onda", "N°5", "Field"),
    ),
    weight=1.3, season=12,
)  # fmt: skip

SPEAKERS = Leaf(
    "speakers", "Speakers", "device", 232, 19900, 0.75,
    makers=("Fjord Audio", "Mono", "Klar", "Volta Due", "Auden"),
    nouns=("Bookshelf Speaker", "Portable Speaker", "Soundbar", "Active Monitor", "Kitchen Radio"),
    titles=("{maker} {noun} {model}, {finish}", "{maker} {model} {noun}, {power}"),
    openings=(
        "A {noun} in {finish} with {power} that fills a room and not the neighbour's.",
        "The {model} is {maker}'s answer to the question why small speakers sound small.",
        "{power}, one cable, no app needed: the {noun} {model}.",
    ),
    details=(
        "The grille comes off by magnets.",
        "Pairs with a second one for stereo.",
        "Splash-proof, and floats if it must.",
        "Line, optical and Bluetooth inputs.",
    ),
    attributes=(
        choice("finish", "Finish", "walnut veneer", "white", "black ash", "wool grey"),
        number("power", "Power", "W", 10, 160, 10),
        flag("battery", "Runs on a battery", 0.4),
        text("model", "Model", "Cube", "Hall 2", "Sono", "Largo", "B30", "Pelican", "Quay"),
    ),
    season=12,
)  # fmt: skip

TURNTABLES = Leaf(
    "turntables", "Turntables & Vinyl Care", "ball", 268, 24900, 0.85,
    makers=("Rotor", "Nocturne", "Klar", "Mono"),
    nouns=("Turntable", "Phono Preamp", "Record Brush", "Record Crate", "Cartridge"),
    titles=("{maker} {noun} {model}, {finish}", "{maker} {model} {noun} in {finish}"),
    openings=(
        "A {noun} in {finish} for people who listen to whole sides.",
        "The {model} by {maker} is set up in ten minutes and then left alone.",
        "Everything a record needs, nothing it does not: the {noun} {model}.",
    ),
    details=(
        "The belt is changed in a minute; a second one is in the box.",
        "Adjusted and measured by hand before it leaves.",
        "The feet keep footsteps out of the music.",
    ),
    attributes=(
        choice("finish", "Finish", "birch plywood", "piano black", "walnut", "clear acrylic"),
        flag("preamp", "Built-in preamp", 0.4),
        text("model", "Model", "T1", "Groove", "Linea", "RPM 9", "Stylo", "Side B"),
    ),
    weight=0.8,
)  # fmt: skip

KEYBOARDS = Leaf(
    "keyboards", "Keyboards", "device", 200, 11900, 0.5,
    makers=("Tastatur", "Keel", "Monolit", "Sixty"),
    nouns=("Mechanical Keyboard", "Split Keyboard", "Wireless Keyboard", "Number Pad", "Keycap Set"),
    titles=("{maker} {noun}, {layout}, {switches} switches", "{maker} {model} {noun}, {layout}"),
    openings=(
        "A {noun} in the {layout} layout with {switches} switches, typed on before it ships.",
        "{maker} builds the {model} with a gasket mount: it sounds like rain.",
        "A {noun} for those who write all day.",
    ),
    details=(
        "Switches can be pulled and replaced without soldering.",
        "The firmware is open; every key can be remapped.",
        "Machined from one block of aluminium.",
    ),
    attributes=(
        choice("layout", "Layout", "60 %", "65 %", "75 %", "full size"),
        choice("switches", "Switches", "linear", "tactile", "silent", "clicky"),
        flag("wireless", "Wireless", 0.5),
        text("model", "Model", "K2", "Quill", "Serif", "M60", "Loom"),
    ),
    weight=0.9,
)  # fmt: skip

DESK = Leaf(
    "desk-setup", "Desk Setup", "box", 172, 4900, 0.65,
    makers=("Keel", "Plank & Co", "Monolit", "Ostra"),
    nouns=("Monitor Stand", "Laptop Riser", "Desk Mat", "Cable Tray", "Wireless Charger", "Desk Shelf"),
    titles=("{maker} {noun}, {material}", "{maker} {noun} in {material}, {width}"),
    openings=(
        "A {noun} in {material}, {width} wide, that clears the desk at last.",
        "{maker} makes this {noun} from offcuts of its tables.",
        "The {noun} that makes a desk feel larger.",
    ),
    details=(
        "Felt feet, no scratches.",
        "The slot takes pens, a phone, and most cables.",
        "Holds up to 25 kg.",
    ),
    attributes=(
        choice("material", "Material", "oak", "walnut", "wool felt", "cork", "aluminium"),
        number("width", "Width", "cm", 10, 120, 10),
        flag("cable_management", "Cable management", 0.5),
    ),
    season=9,
)  # fmt: skip

ROOT = Root(
    "electronics", "Electronics",
    (Branch("audio", "Audio", (HEADPHONES, SPEAKERS, TURNTABLES)), Branch("workspace", "Workspace", (KEYBOARDS, DESK))),
    closings=(
        "Two years of guarantee, repaired in our own workshop.",
        "Ships with a plug for every European country.",
        "Firmware updates are free for good.",
        "Tested for a day before it is packed.",
    ),
)  # fmt: skip
