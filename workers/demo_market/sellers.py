"""The forty shops, by hand: a name, a line about themselves, what they sell, and how dear they are."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shop:
    """A seller.

    Attributes:
        leaves: slugs of the leaf categories that it sells in.
        price: factor on a leaf's usual price.
        size: share of the products of its leaves, relative to 1.
    """

    name: str
    about: str
    leaves: tuple[str, ...]
    price: float = 1.0
    size: float = 1.0


SHOPS: tuple[Shop, ...] = (
    Shop("Halden Coffee Works", "Kettles, grinders and beans from a former tram depot in Gothenburg.", ("coffee-gear", "coffee-beans", "tableware"), 1.1, 2.0),
    Shop("Copper & Crumb", "Pans that outlive their cooks.", ("cookware", "knives"), 1.3),
    Shop("Küchenhof", "Everything for the stove, sorted and explained.", ("cookware", "coffee-gear", "knives"), 0.85, 1.3),
    Shop("Ishiro Cutlery", "Knives forged in Sakai, sharpened in Lyon.", ("knives",), 1.4),
    Shop("Lumi Ateljé", "Lamps for the dark half of the year.", ("lighting", "candles"), 1.2),
    Shop("Lamplight Depot", "Honest lamps at honest prices.", ("lighting", "desk-setup"), 0.75),
    Shop("Fen Mill", "Weavers since 1921.", ("throws-cushions", "knitwear", "shirts"), 1.1, 1.4),
    Shop("Casa Medina", "Cushions, plates and preserves from around the Mediterranean.", ("throws-cushions", "tableware", "honey-preserves"), 0.95),
    Shop("Lehm Ceramics", "A wheel, a kiln, and four people.", ("tableware", "planters"), 1.15),
    Shop("Verdano", "Pots, tools and seeds for balconies and fields.", ("planters", "garden-tools", "seeds"), 0.9, 1.5),
    Shop("Spade & Son", "Forged garden tools with a 25-year promise.", ("garden-tools", "planters"), 1.25),
    Shop("Heirloom Row", "Old kinds of vegetables and flowers, saved by hand.", ("seeds", "honey-preserves"), 1.0),
    Shop("Fjord Audio", "Loudspeakers and headphones, tuned in a wooden house.", ("headphones", "speakers"), 1.3),
    Shop("Mono Hi-Fi", "New and patient listening.", ("speakers", "turntables", "headphones"), 0.9, 1.4),
    Shop("Side B Records & Gear", "For people who listen to whole sides.", ("turntables", "speakers"), 1.0),
    Shop("Tastatur Lab", "Keyboards built, lubed and typed on in Hamburg.", ("keyboards", "desk-setup"), 1.2),
    Shop("Keel Workspace", "A desk should hold work, not cables.", ("desk-setup", "keyboards", "headphones"), 0.9),
    Shop("Ullvik", "Knitwear from an island with more sheep than people.", ("knitwear", "throws-cushions"), 1.2),
    Shop("Sunday Standard", "Plain clothes, well cut.", ("shirts", "knitwear"), 0.8, 1.3),
    Shop("Atelier Rive", "Shirts, coats and paper from the left bank of somewhere.", ("shirts", "jackets", "notebooks"), 1.35),
    Shop("Haar Outerwear", "Jackets for a coast where it rains sideways.", ("jackets", "bags"), 1.1),
    Shop("Portmore Bags", "Bags with a lifetime of seams.", ("bags", "bike-bags"), 1.05, 1.2),
    Shop("Cuir Vif", "Leather goods, three colours, no logo.", ("bags", "shoes", "watches"), 1.45),
    Shop("Meridian Watches", "Small watches for large wrists, and the other way round.", ("watches",), 1.1, 1.2),
    Shop("Strada", "Shoes and lights for people on the way.", ("shoes", "bike-lights", "bike-bags"), 0.9, 1.2),
    Shop("Porto Norte", "Shoemakers and shirtmakers, one street, one river.", ("shoes", "shirts"), 1.0),
    Shop("Fell & Field", "Tents, bags and boots, tried out in the rain.", ("tents", "sleeping-bags", "camp-kitchen"), 1.15, 1.4),
    Shop("Kestrel Supply", "Outdoor goods without the adjectives.", ("tents", "camp-kitchen", "jackets", "garden-tools"), 0.85, 1.2),
    Shop("Vidda", "Light gear for long ways.", ("sleeping-bags", "tents", "camp-kitchen"), 1.3),
    Shop("Radwerk", "A workshop that also sells what it would mount itself.", ("bike-lights", "bike-bags"), 1.0),
    Shop("Havtorn Apothecary", "Sea buckthorn, mostly.", ("face-care", "soaps"), 1.15),
    Shop("Savon Rive", "Soap, candles and scent, stirred slowly.", ("soaps", "candles", "perfume"), 0.9, 1.3),
    Shop("Maison Aubrac Parfums", "Perfume for those who stand near.", ("perfume", "candles", "face-care"), 1.4),
    Shop("Meeple House", "Games we would play tonight.", ("board-games", "puzzles"), 1.0, 1.3),
    Shop("Spielhof", "Toys and games for rainy Sundays.", ("puzzles", "wooden-toys", "board-games"), 0.85, 1.2),
    Shop("Little Birch", "Wooden toys with round corners.", ("wooden-toys", "construction-kits"), 1.15),
    Shop("Tinker Yard", "Kits that explain the world, screw by screw.", ("construction-kits", "bike-lights"), 1.0),
    Shop("Quarto Stationers", "Paper, pens, ink, patience.", ("notebooks", "pens", "art-supplies"), 1.0, 1.5),
    Shop("Galerie Neun", "Prints by people we know.", ("prints", "art-supplies"), 1.2, 1.2),
    Shop("Anker & Altiplano", "Coffee, tea and chocolate from farms with names.", ("coffee-beans", "teas", "chocolate", "honey-preserves"), 1.0, 1.5),
)  # fmt: skip
