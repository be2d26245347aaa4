"""Names and addresses of people who do not exist: first and last names, cities and streets that belong together."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Region:
    """A language area; `postal` and `phone` have a # for each digit."""

    locale: str
    country: str
    weight: float
    first: tuple[str, ...]
    last: tuple[str, ...]
    cities: tuple[str, ...]
    streets: tuple[str, ...]
    postal: str
    phone: str


REGIONS: tuple[Region, ...] = (
    Region(
        "de-DE", "DE", 3.0,
        ("Anna", "Jonas", "Lena", "Felix", "Clara", "Moritz", "Ida", "Paul", "Greta", "Emil", "Mira", "Anton"),
        ("Schäfer", "Brandt", "Vogel", "Lorenz", "Winkler", "Seidel", "Kuhn", "Arnold", "Pohl", "Engel", "Busch", "Sauer"),
        ("Hamburg", "Leipzig", "Köln", "Freiburg", "Berlin", "Bremen"),
        ("Lindenstraße {n}", "Am Kanal {n}", "Gartenweg {n}", "Marktplatz {n}", "Bahnhofstraße {n}"),
        "#####", "+49 1## #######",
    ),
    Region(
        "en-GB", "GB", 2.5,
        ("Oliver", "Amelia", "Harry", "Isla", "Jack", "Freya", "Arthur", "Poppy", "Theo", "Maeve", "Callum", "Edith"),
        ("Hughes", "Fletcher", "Marsh", "Barker", "Doyle", "Pearce", "Whitfield", "Lowe", "Ashby", "Crane", "Nash", "Rowe"),
        ("Leeds", "Bristol", "Glasgow", "Norwich", "London", "Cardiff"),
        ("{n} Mill Lane", "{n} Station Road", "{n} Orchard Close", "{n} Quay Street", "{n} Victoria Terrace"),
        "LS# #AB", "+44 7### ######",
    ),
    Region(
        "fr-FR", "FR", 2.0,
        ("Camille", "Hugo", "Léa", "Louis", "Chloé", "Jules", "Manon", "Gabriel", "Zoé", "Antoine", "Inès", "Bastien"),
        ("Moreau", "Girard", "Lambert", "Fontaine", "Chevalier", "Mercier", "Blanc", "Garnier", "Faure", "Renaud", "Colin", "Vidal"),
        ("Lyon", "Nantes", "Lille", "Bordeaux", "Paris", "Rennes"),
        ("{n} rue des Tilleuls", "{n} quai du Port", "{n} avenue Jean Jaurès", "{n} impasse du Moulin", "{n} place du Marché"),
        "#####", "+33 6 ## ## ## ##",
    ),
    Region(
        "es-ES", "ES", 1.5,
        ("Lucía", "Mateo", "Sofía", "Pablo", "Carmen", "Diego", "Elena", "Adrián", "Marta", "Álvaro"),
        ("Navarro", "Molina", "Serrano", "Ortega", "Iglesias", "Castro", "Rubio", "Vega", "Campos", "Prieto"),
        ("Valencia", "Bilbao", "Sevilla", "Madrid", "Zaragoza"),
        ("Calle Mayor {n}", "Calle del Olmo {n}", "Paseo del Río {n}", "Avenida de la Paz {n}"),
        "#####", "+34 6## ### ###",
    ),
    Region(
        "nl-NL", "NL", 1.5,
        ("Sanne", "Daan", "Lotte", "Bram", "Fleur", "Sem", "Noor", "Thijs", "Roos", "Koen"),
        ("de Vries", "Bakker", "Visser", "Mulder", "Dekker", "Hoekstra", "van Dam", "Kuipers", "Postma", "Smit"),
        ("Utrecht", "Rotterdam", "Groningen", "Amsterdam", "Haarlem"),
        ("Oudegracht {n}", "Kerkstraat {n}", "Molenweg {n}", "Havenkade {n}"),
        "#### AB", "+31 6 ########",
    ),
    Region(
        "it-IT", "IT", 1.5,
        ("Giulia", "Luca", "Chiara", "Matteo", "Elisa", "Tommaso", "Alice", "Davide", "Irene", "Nicola"),
        ("Ferrari", "Galli", "Marini", "Fabbri", "Rinaldi", "Gatti", "Serra", "Monti", "Longo", "Bassi"),
        ("Bologna", "Torino", "Trieste", "Milano", "Firenze"),
        ("Via Garibaldi {n}", "Via dei Mille {n}", "Corso Italia {n}", "Piazza del Duomo {n}"),
        "#####", "+39 3## #######",
    ),
    Region(
        "sv-SE", "SE", 1.0,
        ("Astrid", "Elsa", "Nils", "Signe", "Axel", "Ebba", "Viggo", "Saga"),
        ("Lindqvist", "Ekström", "Sandberg", "Nyström", "Holm", "Forsberg", "Wallin", "Dahl"),
        ("Göteborg", "Malmö", "Uppsala", "Stockholm"),
        ("Storgatan {n}", "Hamngatan {n}", "Skolvägen {n}"),
        "### ##", "+46 70 ### ## ##",
    ),
    Region(
        "pl-PL", "PL", 1.0,
        ("Zofia", "Jan", "Hanna", "Antoni", "Maja", "Stanisław", "Alicja", "Tymon"),
        ("Zieliński", "Wójcik", "Krawczyk", "Mazur", "Pawlak", "Sikora", "Wrona", "Lis"),
        ("Kraków", "Gdańsk", "Wrocław", "Poznań"),
        ("ul. Lipowa {n}", "ul. Długa {n}", "ul. Ogrodowa {n}"),
        "##-###", "+48 5## ### ###",
    ),
)  # fmt: skip

DEMO_BUYER = ("buyer@yarmarka.test", "Vera Lindqvist")
DEMO_ADMIN = ("admin@yarmarka.test", "Mika Aalto")
DEMO_SELLER_EMAIL = "seller@yarmarka.test"
