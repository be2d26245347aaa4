"""Random sets of subgraphs about fields that move (`@override`, with labels and in chains) and values that come from contexts."""

from random import Random

from tests.laboratory.random_subgraphs import RandomField, RandomType

LINK = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.11", import: ["@key", "@requires", "@provides", "@external",'
    ' "@shareable", "@override", "@context", "@fromContext", "@interfaceObject", "@tag", "@inaccessible"])\n'
)
LABELS = ("", "", "", ', label: "percent(5)"', ', label: "on"', ', label: "percent(5.5)"', ', label: "percent(101)"')
SELECTIONS = (
    "{ s }", "{ s }", "{ s }", "{ n { y } }", "{ s(p: 3) }", "{ i { z } }", "{ ... on T { s } }", "{ s @skip(if: false) }", "{ n }",
    "{ s n { y } }", "{ s }", "{ s }", "{ s }", "{ s }", "{ n { y } }", "{ n { y } }", "{ x: s }", "{ id }", "{ unheard }", "{ ... on T { s } ... on S { s } }", "{ n { ... on N { y } } }", "{ k }",
)  # fmt: skip


def moving_subgraphs(random: Random) -> dict[str, str]:
    """Subgraph name -> SDL."""
    names = ["a", "b", "c"][: random.randint(2, 3)]
    types = {name: _types(random, name) for name in names}
    for name in names:
        _overrides(random, name, names, types)
    if random.random() < 0.7:
        for name in random.sample(names, random.randint(1, 2)):
            _contexts(random, name, names, types)
    return {name: LINK + "\n".join(map(str, found.values())) for name, found in types.items()}


def _types(random: Random, name: str) -> dict[str, RandomType]:
    def field(called: str, type_: str = "Int", arguments: str = "", *directives: str) -> RandomField:
        return RandomField(called, type_, arguments, list(directives))

    r = random
    key = r.choice(('@key(fields: "id")', '@key(fields: "id")', '@key(fields: "id") @key(fields: "k")'))
    entity = RandomType("type", "T", key, {"id": field("id", "ID!"), f"o{name}": field(f"o{name}")})
    entity.fields["k"] = field("k", "Int", "", "@shareable")
    if r.random() < 0.8:
        argument = "(p: Int)" if r.random() < 0.9 else ""
        entity.fields["s"] = field("s", "Int", argument, *(["@shareable"] if r.random() < 0.85 else []))
    entity.fields["n"] = field("n", "N", "", "@shareable")
    found = {"T": entity, "N": RandomType("type", "N", "@shareable", {"y": field("y")})}
    found["Query"] = RandomType("type", "Query", "", {f"t{name}": field(f"t{name}", r.choice(("T", "[T]")))})
    if r.random() < 0.3:
        found["Query"].fields["same"] = field("same", "T", "", "@shareable")
    if r.random() < 0.3:
        found["I"] = RandomType("interface", "I", "", {"z": field("z")})
        found["P"] = RandomType("type", "P", "implements I @shareable", {"z": field("z")})
        entity.fields["i"] = field("i", "I", "", "@shareable")
    if r.random() < 0.25:
        found["J"] = RandomType("interface", "J", "", {f"o{name}": field(f"o{name}")})
        entity.head = f"implements J {entity.head}"
        found["Query"].fields[f"j{name}"] = field(f"j{name}", "J")
    return found


def _overrides(random: Random, name: str, names: list[str], types: dict[str, dict[str, RandomType]]) -> None:
    r = random
    own = types[name]["T"]
    for other in names:
        moved = f"o{other}"
        if r.random() > 0.3 or (other == name and r.random() < 0.95):
            continue
        source = other if r.random() < 0.95 else r.choice((*names, "zz"))
        label = r.choice(LABELS)
        field = RandomField(
            moved, "Int" if r.random() < 0.96 else "String", "", [f'@override(from: "{source}"{label})']
        )
        extra = ("@shareable", "@external", '@requires(fields: "k")', "@inaccessible", '@tag(name: "x")')
        if r.random() < 0.2:
            field.directives.append(r.choice(extra))
        own.fields[moved] = field
    if r.random() < 0.2:  # required, but resolved elsewhere
        moved = f"o{r.choice(names)}"
        if moved not in own.fields:
            own.fields[moved] = RandomField(moved, "Int", "", ["@external"])
            own.fields[f"r{name}"] = RandomField(f"r{name}", "Int", "", [f'@requires(fields: "{moved}")'])
    if r.random() < 0.1 and "s" in own.fields:
        own.fields["s"].directives.append(f'@override(from: "{r.choice(names)}"{r.choice(LABELS)})')
    if r.random() < 0.08:
        own.fields["id"].directives.append(f'@override(from: "{r.choice(names)}")')
    if r.random() < 0.08 and "I" in types[name]:
        types[name]["I"].fields["z"].directives.append(f'@override(from: "{r.choice(names)}")')
    if r.random() < 0.1:
        types[name]["N"].fields["y"].directives.append(f'@override(from: "{r.choice(names)}"{r.choice(LABELS)})')


def _contexts(random: Random, name: str, names: list[str], types: dict[str, dict[str, RandomType]]) -> None:
    r = random
    own = types[name]
    called = r.choice(("c", "c", "c", "d", "c_d" if r.random() < 0.2 else "c"))
    own["T"].head = f'{own["T"].head} @context(name: "{called}")'
    if r.random() < 0.3:
        second = {"id": RandomField("id", "ID!"), "s": RandomField("s", "Int"), "u": RandomField("u", "U")}
        own["S"] = RandomType("type", "S", f'@key(fields: "id") @context(name: "{called}")', second)
        own["Query"].fields[f"s{name}"] = RandomField(f"s{name}", "S")
    taken = f"${called if r.random() < 0.95 else 'other'} {r.choice(SELECTIONS)}"
    type_ = r.choice(("Int", "Int", "Int", "Int", "Int!", "String", "[Int]"))
    argument = f'a: {type_}{" = 1" if r.random() < 0.05 else ""} @fromContext(field: "{taken}")'
    shared = ["@shareable"] if r.random() < 0.5 else []
    key = "" if r.random() < 0.06 else f'@key(fields: "id"{", resolvable: false" if r.random() < 0.06 else ""})'
    fields = {"id": RandomField("id", "ID!"), "f": RandomField("f", "Int", f"({argument}, b: Int)", shared)}
    own["U"] = RandomType("type", "U", key, fields)
    own["T"].fields["u"] = RandomField("u", r.choice(("U", "U", "[U]")), "", [])
    if r.random() < 0.1:
        own["Query"].fields[f"u{name}"] = RandomField(f"u{name}", "U")
    for other in names:
        if other == name or r.random() < 0.5 or "U" in types[other]:
            continue
        plain = r.choice(
            (
                "(a: Int, b: Int)",
                "(b: Int)",
                "(a: Int = 1, b: Int)",
                "(a: Int!, b: Int)",
                "(a: String, b: Int)",
                "(a: Int! = 2, b: Int)",
            )
        )
        further = {"id": RandomField("id", "ID!"), f"u{other}": RandomField(f"u{other}", "Int")}
        if r.random() < 0.6:
            further["f"] = RandomField("f", "Int", plain, list(shared))
        types[other]["U"] = RandomType("type", "U", '@key(fields: "id")', further)
