"""Random sets of subgraphs: a random schema, split over some subgraphs, and now and then broken on purpose.

Everything is drawn from one `random.Random`, so that a seed names a set.
"""

from dataclasses import dataclass, field
from random import Random

IMPORTS = (
    "@key", "@requires", "@provides", "@external", "@tag", "@shareable", "@inaccessible", "@override", "@interfaceObject",
    "@authenticated", "@requiresScopes", "@cost",
)  # fmt: skip
LINK = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ['
    + ", ".join(f'"{name}"' for name in IMPORTS)
    + "])"
)
SCALARS = ("Int", "String", "ID", "Boolean", "Float")


@dataclass
class RandomField:
    """A field; everything but its name as SDL."""

    name: str
    type: str
    arguments: str = ""
    directives: list[str] = field(default_factory=list)
    description: str = ""

    def __str__(self) -> str:
        return " ".join((f"{self.description}{self.name}{self.arguments}: {self.type}", *self.directives))


@dataclass
class RandomType:
    """An object type or an interface; its head, what follows the name, as SDL."""

    keyword: str
    name: str
    head: str = ""
    fields: dict[str, RandomField] = field(default_factory=dict)
    description: str = ""

    def __str__(self) -> str:
        body = "\n".join(f"  {f}" for f in self.fields.values())
        described = "" if self.keyword.startswith("extend") else self.description
        return f"{described}{self.keyword} {self.name} {self.head} {{\n{body}\n}}"


def random_subgraphs(random: Random, *, breakage: float = 0.5) -> dict[str, str]:
    """Subgraph name -> SDL.

    Args:
        breakage: how probable it is that something is broken on purpose.
    """
    return SubgraphMaker(random).make(breakage)


class SubgraphMaker:
    """Makes one set, step by step, out of what it drew so far."""

    def __init__(self, random: Random, *, noise: float = 1.0) -> None:
        self.random = random
        self.noise = noise
        self.names = ["a", "b", "c", "d"][: random.randint(1, 4)]
        self.types: dict[str, dict[str, RandomType]] = {name: {} for name in self.names}
        self.extra: dict[str, list[str]] = {name: [] for name in self.names}
        self.outputs: list[str] = []
        self.unions: dict[str, list[str]] = {name: [] for name in self.names}

    def usually(self, chance: float) -> bool:
        """True with this chance, which is nearer to certainty the less noise there is."""
        return self.random.random() < 1 - (1 - chance) * self.noise

    def make(self, breakage: float) -> dict[str, str]:
        self._leaves()
        for index in range(self.random.randint(0, 2)):
            self._value_type(f"V{index}")
        for index in range(self.random.randint(1, 3)):
            self._entity(f"E{index}")
        self._abstract()
        self._entity_interface()
        self._queries()
        self._requirements()
        self._decorations()
        self.more()
        if self.random.random() < breakage:
            for _ in range(self.random.randint(1, 2)):
                self._break()
        return {name: self.document(name) for name in self.names}

    def more(self) -> None:
        """What further makers add, before something is broken."""

    def document(self, name: str) -> str:
        """A subgraph's SDL."""
        parts = [LINK, *map(str, self.types[name].values()), *self.extra[name]]
        return "\n".join(parts)

    def _some(self, least: int = 1) -> list[str]:
        count = self.random.randint(least, len(self.names))
        return sorted(self.random.sample(self.names, count))

    def _leaves(self) -> None:
        r = self.random
        self.enum_values = [f"X{i}" for i in range(r.randint(1, 3))]
        self.uses_enum_as_input = r.random() < 0.4
        for name in self.names:
            values = self.enum_values if self.usually(0.96) else self.enum_values[: r.randint(1, len(self.enum_values))]
            self.extra[name].append(f"enum N0 {{ {' '.join(values)} }}")
            inputs = [f"i{i}: {r.choice(['Int', 'String', 'N0', '[Int!]'])}" for i in range(1)]
            if not self.usually(0.94):
                inputs.append(f"o: Int{r.choice(['', '!', ' = 3', '! = 3'])}")
            same = "i0: Int" if self.usually(0.9) else inputs[0]
            self.extra[name].append(f"input In0 {{ {same} {' '.join(inputs[1:])} }}")
            self.extra[name].append("scalar S0")

    def _leaf(self) -> str:
        base = self.random.choice((*SCALARS, "N0", "S0"))
        return self.random.choice((base, f"{base}!", f"[{base}]", f"[{base}!]!"))

    def _perturbed(self, type_: str) -> str:
        """The type, or seldom one that differs in nullability or in more."""
        roll = self.random.random()
        if roll < 1 - 0.05 * self.noise:
            return type_
        if roll < 1 - 0.005 * self.noise:
            return type_[:-1] if type_.endswith("!") else f"{type_}!"
        return self.random.choice(SCALARS)

    def _arguments(self) -> str:
        r = self.random
        if r.random() < 0.75:
            return ""
        type_ = r.choice(["Int", "Int!", 'String = "x"', "N0", "In0", "[Int!]"])
        return f"(p: {type_})"

    def _value_type(self, name: str) -> None:
        fields = {f"v{i}": self._leaf() for i in range(self.random.randint(1, 3))}
        for subgraph in self._some():
            shared = self.random.random() < 0.97
            made = RandomType("type", name, "@shareable" if shared else "")
            for field_name, type_ in fields.items():
                if self.random.random() < 0.97:
                    made.fields[field_name] = RandomField(field_name, self._perturbed(type_))
            if made.fields:
                self.types[subgraph][name] = made
        self.outputs.append(name)

    def _entity(self, name: str) -> None:
        r = self.random
        owners = self._some()
        keys = ["id"] if r.random() < 0.6 else r.choice([["id", "sku"], ["id sku"], ["id", "id sku"]])
        for subgraph in owners:
            made = RandomType("type", name)
            own_keys = [key for key in keys if r.random() < 0.8] or keys[:1]
            flags = [", resolvable: false" if r.random() < 0.1 else "" for _ in own_keys]
            made.head = " ".join(f'@key(fields: "{key}"{flag})' for key, flag in zip(own_keys, flags, strict=True))
            for part in {part for key in own_keys for part in key.split()}:
                made.fields[part] = RandomField(part, "ID!" if part == "id" else "String!")
            made.fields = dict(sorted(made.fields.items()))
            self.types[subgraph][name] = made
        targets = [*self.outputs, name]
        for index in range(r.randint(1, 4)):
            field_name = f"{name.lower()}f{index}"
            is_leaf = r.random() < 0.65
            type_ = self._leaf() if is_leaf else r.choice(targets)
            resolvers = [s for s in owners if r.random() < 0.5] or [r.choice(owners)]
            arguments = self._arguments()
            shared = len(resolvers) > 1
            for subgraph in resolvers:
                if not is_leaf and type_ not in self.types[subgraph]:
                    continue
                made_field = RandomField(field_name, self._perturbed(type_) if is_leaf else type_, arguments)
                if shared and self.usually(0.93):
                    made_field.directives.append("@shareable")
                self.types[subgraph][name].fields[field_name] = made_field
        self.outputs.append(name)

    def _abstract(self) -> None:
        r = self.random
        if r.random() < 0.5:
            for subgraph in self._some():
                members = [t for t in self.types[subgraph] if t[0] in "EV" and r.random() < 0.7]
                if members:
                    self.extra[subgraph].append(f"union U0 = {' | '.join(members)}")
                    self.unions[subgraph] = ["U0"]
        if r.random() < 0.5:
            for subgraph in self._some():
                implementing = [
                    t
                    for t in self.types[subgraph].values()
                    if t.name[0] == "E" and "id" in t.fields and r.random() < 0.7
                ]
                if not implementing:
                    continue
                made = RandomType("interface", "I0", fields={"id": RandomField("id", "ID!")})
                self.types[subgraph]["I0"] = made
                for implementing_type in implementing:
                    implementing_type.head = f"implements I0 {implementing_type.head}"

    def _entity_interface(self) -> None:
        r = self.random
        if r.random() > 0.35 or len(self.names) < 2:
            return
        owner, *others = r.sample(self.names, len(self.names))
        self.types[owner]["M0"] = RandomType(
            "interface", "M0", '@key(fields: "id")', {"id": RandomField("id", "ID!"), "m": RandomField("m", "Int")}
        )
        for name in ("MA", "MB")[: r.randint(1, 2)]:
            fields = {"id": RandomField("id", "ID!"), "m": RandomField("m", "Int"), "own": RandomField("own", "Int")}
            self.types[owner][name] = RandomType("type", name, 'implements M0 @key(fields: "id")', fields)
        for other in others:
            if r.random() < 0.7:
                flag = ", resolvable: false" if r.random() < 0.1 else ""
                fields = {"id": RandomField("id", "ID!"), f"x{other}": RandomField(f"x{other}", "Int")}
                self.types[other]["M0"] = RandomType("type", "M0", f'@interfaceObject @key(fields: "id"{flag})', fields)

    def _queries(self) -> None:
        r = self.random
        for index, subgraph in enumerate(self.names):
            targets = [*self.types[subgraph], *self.unions[subgraph]]
            query = RandomType("type", "Query")
            for number, target in enumerate(targets):
                if r.random() < 0.7:
                    name = f"q{index}{number}"
                    type_ = r.choice((target, f"[{target}!]!"))
                    query.fields[name] = RandomField(name, type_)
            arguments = "(i: In0, e: N0)" if self.uses_enum_as_input else "(i: In0)"
            query.fields[f"r{index}"] = RandomField(f"r{index}", r.choice(("Int", "N0")), arguments)
            self.types[subgraph]["Query"] = query
        if r.random() < 0.3:
            shared = next((t for types in self.types.values() for t in types if t.startswith("E")), "")
            for subgraph in self.names:
                if shared in self.types[subgraph]:
                    self.types[subgraph]["Query"].fields["shared"] = RandomField(
                        "shared", shared, directives=["@shareable"]
                    )

    def _requirements(self) -> None:
        r = self.random
        for subgraph in self.names:
            for made in [t for t in self.types[subgraph].values() if t.name.startswith("E")]:
                missing = [
                    f
                    for other in self.names
                    for f in (self.types[other].get(made.name) or RandomType("type", "")).fields.values()
                    if f.name not in made.fields and f.type.strip("[]!") in {*SCALARS, "N0", "S0"}
                ]
                if not missing or r.random() > 0.35:
                    continue
                wanted = r.choice(missing)
                made.fields[wanted.name] = RandomField(wanted.name, wanted.type, wanted.arguments, ["@external"])
                if r.random() < 0.6:
                    selection = (
                        f"{wanted.name}(p: 1)"
                        if "Int" in wanted.arguments and "[" not in wanted.arguments
                        else wanted.name
                    )
                    name = f"req{made.name.lower()}{subgraph}"
                    made.fields[name] = RandomField(name, "Int", directives=[f'@requires(fields: "{selection}")'])
                else:
                    for holder in self.types[subgraph].values():
                        for f in holder.fields.values():
                            if (
                                f.type.strip("[]!") == made.name
                                and "@external" not in f.directives
                                and holder.keyword == "type"
                            ):
                                f.directives.append(f'@provides(fields: "{wanted.name}")')

    def _decorations(self) -> None:
        r = self.random
        for subgraph in self.names:
            for made in self.types[subgraph].values():
                for f in made.fields.values():
                    if "@external" in f.directives or made.keyword != "type":
                        continue
                    if r.random() < 0.04:
                        f.directives.append('@tag(name: "t")')
                    if r.random() < 0.03:
                        f.directives.append(
                            "@authenticated" if "interfaceObject" not in made.head else "@cost(weight: 2)"
                        )
                    if r.random() < 0.03:
                        f.directives.append(f'@requiresScopes(scopes: [["{r.choice("xy")}"]])')
                    if r.random() < 0.02:
                        f.directives.append("@inaccessible")
                    if r.random() < 0.04 and made.name[0] in "EQ" and "interfaceObject" not in made.head:
                        source = r.choice(self.names)
                        label = r.choice(("", "", ', label: "percent(10)"'))
                        if source != subgraph:
                            f.directives.append(f'@override(from: "{source}"{label})')

    def _break(self) -> None:
        r = self.random
        subgraph = r.choice(self.names)
        made = r.choice(
            [t for t in self.types[subgraph].values() if t.fields]
            or [RandomType("type", "Z", "", {"z": RandomField("z", "Int")})]
        )
        f = r.choice(list(made.fields.values()))
        match r.randint(0, 9):
            case 0:
                f.type = "Unheard"
            case 1:
                f.directives.append("@external")
            case 2:
                made.head = made.head.replace("@key", '@tag(name: "k") @key', 1).replace('"id"', '"nothing"', 1)
            case 3:
                f.directives = [d for d in f.directives if d != "@shareable"]
            case 4:
                made.head = f"{made.head} @inaccessible"
            case 5:
                f.arguments = "(need: Int!)"
            case 6:
                f.directives.append('@override(from: "zz")')
            case 7:
                f.directives.append('@requires(fields: "id")')
            case 8:
                del made.fields[f.name]
                if not made.fields:
                    made.fields[f.name] = f
            case _:
                f.directives.append('@provides(fields: "id")')
