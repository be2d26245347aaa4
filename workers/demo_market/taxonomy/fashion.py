"""Things to wear and to carry."""

from workers.demo_market.taxonomy.model import Branch, Leaf, Root, choice, flag, number, text

_SIZES = choice("size", "Size", "XS", "S", "M", "L", "XL")
_CARE = text("care", "Care", "Hand wash", "Machine wash 30°", "Dry clean", "Air, rarely wash")

KNITWEAR = Leaf(
    "knitwear", "Knitwear", "garment", 12, 8900, 0.45,
    makers=("Ullvik", "Aran Row", "Lanolin", "Nord & Daughters", "Pecora"),
    nouns=("Crew-Neck Jumper", "Cardigan", "Roll-Neck", "Fisherman Sweater", "Beanie", "Scarf"),
    titles=("{maker} {noun}, {material}, {colour}", "{maker} {material} {noun} in {colour}"),
    openings=(
        "A {noun} in {colour} {material}, knitted whole so that no seam rubs.",
        "{maker}'s {noun} is thick enough for a pier in November.",
        "{material}, plain and warm: a {noun} for ten winters.",
    ),
    details=(
        "Matching yarn for repairs is sewn into the hem.",
        "Undyed, in the colour of the sheep.",
        "Cut a little longer at the back.",
    ),
    attributes=(
        choice("material", "Material", "merino", "lambswool", "alpaca", "cotton", "cashmere"),
        choice("colour", "Colour", "ecru", "navy", "bottle green", "rust", "grey marl"),
        _SIZES, _CARE,
    ),
    weight=1.2, season=11,
)  # fmt: skip

SHIRTS = Leaf(
    "shirts", "Shirts & Tees", "garment", 208, 4900, 0.5,
    makers=("Fen Mill", "Porto Norte", "Atelier Rive", "Sunday Standard"),
    nouns=("Oxford Shirt", "Linen Shirt", "Heavy Tee", "Flannel Shirt", "Striped Tee", "Overshirt"),
    titles=("{maker} {noun}, {colour}", "{maker} {noun} in {colour} {material}"),
    openings=(
        "A {noun} in {colour} {material} that keeps its shape after fifty washes.",
        "{maker} sews this {noun} in Porto, eighteen stitches to the inch.",
        "The {noun} you take without thinking.",
    ),
    details=(
        "Buttons of corozo nut, sewn crosswise.",
        "Pre-washed: it will not shrink.",
        "A straight fit that also goes over a tee.",
    ),
    attributes=(
        choice("material", "Material", "organic cotton", "linen", "flannel", "hemp"),
        choice("colour", "Colour", "white", "sky", "washed black", "olive", "ecru stripe"),
        _SIZES, _CARE,
    ),
    weight=1.2, season=6,
)  # fmt: skip

JACKETS = Leaf(
    "jackets", "Jackets", "garment", 150, 18900, 0.5,
    makers=("Kestrel", "Nord & Daughters", "Haar", "Atelier Rive"),
    nouns=("Rain Jacket", "Wax Jacket", "Down Jacket", "Chore Coat", "Fleece", "Parka"),
    titles=("{maker} {noun}, {colour}", "{maker} {noun} {model} in {colour}"),
    openings=(
        "A {noun} in {colour} for weather that cannot decide.",
        "The {model} by {maker}: a {noun} with five pockets and no logo.",
        "Windproof, repairable, {colour}: the {noun} for nine months of the year.",
    ),
    details=(
        "Taped seams; the fabric holds a water column of 15,000 mm.",
        "Can be re-waxed at home; a tin is included.",
        "The filling is recycled down.",
    ),
    attributes=(
        choice("colour", "Colour", "olive", "navy", "sand", "black", "ochre"),
        choice("shell", "Shell", "waxed cotton", "recycled nylon", "wool", "canvas"),
        flag("waterproof", "Waterproof", 0.5),
        _SIZES,
        text("model", "Model", "Skerry", "Moor", "Ness", "Tarn", "Gale"),
    ),
    season=10,
)  # fmt: skip

BAGS = Leaf(
    "bags", "Bags & Backpacks", "box", 30, 11900, 0.6,
    makers=("Portmore", "Haar", "Sattler", "Kestrel", "Cuir Vif"),
    nouns=("Backpack", "Tote Bag", "Messenger Bag", "Weekender", "Crossbody Bag", "Roll-Top"),
    titles=("{maker} {noun} {volume}, {material}", "{maker} {material} {noun}, {colour}"),
    openings=(
        "A {noun} of {volume} in {colour} {material}, with a pocket where you reach for one.",
        "{maker} guarantees the seams of this {noun} for life.",
        "From the office to the mountain hut: {volume} of {material}.",
    ),
    details=(
        "A padded sleeve takes a 15-inch laptop.",
        "Brass buckles that can be replaced.",
        "It grows more beautiful with scratches.",
    ),
    attributes=(
        choice("material", "Material", "vegetable-tanned leather", "waxed canvas", "recycled nylon", "sailcloth"),
        choice("colour", "Colour", "cognac", "black", "olive", "slate"),
        number("volume", "Volume", "l", 4, 45, 1),
        flag("laptop_sleeve", "Laptop sleeve", 0.5),
    ),
    weight=1.1, season=9,
)  # fmt: skip

WATCHES = Leaf(
    "watches", "Watches", "ball", 214, 22900, 0.8,
    makers=("Meridian", "Uhrwerk Nord", "Klar", "Tempo Lento"),
    nouns=("Automatic Watch", "Field Watch", "Diver", "Dress Watch", "Chronograph"),
    titles=("{maker} {noun} {diameter}, {strap} strap", "{maker} {model} {noun}, {dial} dial"),
    openings=(
        "A {noun} of {diameter} with a {dial} dial on a {strap} strap.",
        "The {model} tells the time, and little else, very well.",
        "{maker} regulates each {noun} in six positions.",
    ),
    details=(
        "Sapphire crystal, water-resistant to 100 m.",
        "Straps change without tools.",
        "The movement can be serviced by any watchmaker.",
    ),
    attributes=(
        choice("dial", "Dial", "black", "cream", "blue", "green"),
        choice("strap", "Strap", "leather", "steel", "nylon"),
        number("diameter", "Diameter", "mm", 34, 44, 1),
        text("model", "Model", "Pole", "Quai", "Kontor", "Alba"),
    ),
    weight=0.8, season=12,
)  # fmt: skip

SHOES = Leaf(
    "shoes", "Shoes", "shoe", 8, 12900, 0.45,
    makers=("Sattler", "Porto Norte", "Strada", "Fell & Field"),
    nouns=("Sneakers", "Chelsea Boots", "Derby Shoes", "Trail Shoes", "Loafers", "Hiking Boots"),
    titles=("{maker} {noun}, {colour} {material}", "{maker} {material} {noun} in {colour}"),
    openings=(
        "{noun} in {colour} {material}, lasted for a natural step.",
        "{maker} stitches these {noun} so that the sole can be renewed.",
        "{noun} that need no breaking in.",
    ),
    details=(
        "The insole is cork and takes the shape of your foot.",
        "Runs true to size.",
        "Natural rubber sole with an honest tread.",
    ),
    attributes=(
        choice("material", "Material", "suede", "calf leather", "canvas", "recycled mesh"),
        choice("colour", "Colour", "white", "tan", "black", "forest"),
        number("size_eu", "Size", "EU", 36, 47, 1),
        flag("resoleable", "Can be resoled", 0.4),
    ),
    weight=1.1, season=4,
)  # fmt: skip

ROOT = Root(
    "fashion", "Fashion",
    (
        Branch("clothing", "Clothing", (KNITWEAR, SHIRTS, JACKETS)),
        Branch("accessories", "Shoes & Accessories", (BAGS, WATCHES, SHOES)),
    ),
    closings=(
        "Made in Europe, in workshops we visit.",
        "Free exchange of sizes.",
        "Repairs at cost for as long as we exist.",
        "Comes in a cotton bag, not a box.",
    ),
)  # fmt: skip
