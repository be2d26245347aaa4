"""Random sets of subgraphs about `@link`: versions, renames, namespaces, own definitions, and directives composed in two versions."""

from random import Random

FEDERATION = "https://specs.apollo.dev/federation"
OWN = "https://example.org/{}/v{}"
BASE = ("@key", "@shareable")
FURTHER = (
    "@tag",
    "@inaccessible",
    "@cost",
    "@requires",
    "@external",
    "@provides",
    "@override",
    "@authenticated",
    "@requiresScopes",
)
SINCE = {"@authenticated": 5, "@requiresScopes": 5, "@cost": 9, "@composeDirective": 1}
NEW_NAMES = {
    "@tag": ("@label", "@mark"), "@inaccessible": ("@hidden",), "@cost": ("@price",), "@key": ("@pk", "@tag"), "@shareable": ("@share",),
    "@authenticated": ("@login",), "@requiresScopes": ("@scopes",), "@external": ("@elsewhere",), "@requires": ("@needs", "@own"),
}  # fmt: skip
DEFINITIONS = {
    "@key": (
        "directive @{} (fields: {}!, resolvable: Boolean = true) repeatable on OBJECT | INTERFACE",
        "directive @{} (fields: {}!) repeatable on OBJECT",
        "directive @{} (fields: {}!) on OBJECT | INTERFACE",
        "directive @{} (fields: String!, resolvable: Boolean = true) repeatable on OBJECT | INTERFACE",
        "directive @{} (fields: {}) repeatable on OBJECT | INTERFACE",
        "directive @{} (fields: {}!, resolvable: Boolean = false) repeatable on OBJECT",
    ),
    "@shareable": (
        "directive @{} on FIELD_DEFINITION | OBJECT",
        "directive @{} repeatable on FIELD_DEFINITION | OBJECT",
    ),
    "@tag": (
        "directive @{} (name: String!) repeatable on FIELD_DEFINITION | OBJECT | INTERFACE | ENUM_VALUE",
        "directive @{} (name: String) repeatable on FIELD_DEFINITION",
    ),
    "@inaccessible": (
        "directive @{} on FIELD_DEFINITION | OBJECT | ENUM_VALUE",
        "directive @{} repeatable on FIELD_DEFINITION",
    ),
}
OWN_DEFINITIONS = (
    "directive @{}(a: String) {} on FIELD_DEFINITION",
    "directive @{}(a: String, b: Int = 1) {} on FIELD_DEFINITION | OBJECT",
    "directive @{}(a: String, b: Int) {} on FIELD_DEFINITION | OBJECT | ENUM_VALUE",
    "directive @{}(a: String!, c: N0 = X0) {} on FIELD_DEFINITION | SCHEMA",
)


def linked_subgraphs(random: Random) -> dict[str, str]:
    """Subgraph name -> SDL."""
    names = ["a", "b", "c"][: random.randint(1, 3)]
    common = _renames(random) if random.random() < 0.5 else {}
    own_name = random.choice(("own", "own", "greet"))
    documents: dict[str, str] = {}
    for index, name in enumerate(names):
        renames = common if random.random() < 0.8 else _renames(random)
        documents[name] = _Document(random, name, index, renames, own_name).write()
    return documents


def _renames(random: Random) -> dict[str, str]:
    chosen = random.sample(sorted(NEW_NAMES), random.randint(0, 3))
    return {name: random.choice(NEW_NAMES[name]) for name in chosen}


class _Document:
    """One subgraph, written by the names that its links give."""

    def __init__(self, random: Random, name: str, index: int, renames: dict[str, str], own: str) -> None:
        r = self.random = random
        self.name, self.index, self.renames, self.own = name, index, renames, own
        self.minor = r.choice((0, 3, 5, 9, 9, 11, 11, 12, 13, 14))
        self.namespace = r.choice(("federation", "federation", "federation", "fed"))
        known = [d for d in FURTHER if SINCE.get(d, 0) <= self.minor or r.random() < 0.01]
        self.imported = [*BASE, *(d for d in known if r.random() < 0.7)]
        if r.random() < 0.05:
            self.imported.remove(r.choice(self.imported))
        self.applied = [d for d in known if r.random() < 0.35]
        self.links: list[str] = []
        self.parts: list[str] = []
        self.on_fields: list[str] = []

    def write(self) -> str:
        r = self.random
        if "@tag" not in self.imported and r.random() < 0.15:
            self._other_specification("tag", ("0.1", "0.2", "0.3", "0.3"))
        if "@inaccessible" not in self.imported and r.random() < 0.1:
            self._other_specification("inaccessible", ("0.1", "0.2"))
        if r.random() < 0.55:
            self._own_directive()
        if r.random() < 0.1:
            self.links.append(
                f'@link(url: "https://example.org/notes/v{r.choice(("1.0", "2.3"))}"{r.choice(("", ", for: EXECUTION"))})'
            )
        types = ""
        self.field_set = f"{self.namespace}__FieldSet"
        if r.random() < 0.15:
            types, self.field_set = r.choice(
                ((', "FieldSet"', "FieldSet"), (', {name: "FieldSet", as: "Fields"}', "Fields"))
            )
        self._own_definitions()
        body = self._body()
        shown = [f'{{name: "{d}", as: "{self.renames[d]}"}}' if d in self.renames else f'"{d}"' for d in self.imported]
        space = f', as: "{self.namespace}"' if self.namespace != "federation" or r.random() < 0.1 else ""
        link = f'@link(url: "{FEDERATION}/v2.{self.minor}"{space}, import: [{", ".join(shown)}{types}])'
        links = [link, *self.links]
        if r.random() < 0.2:
            links.insert(0, '@link(url: "https://specs.apollo.dev/link/v1.0")')
        if r.random() < 0.3:
            r.shuffle(links)
        head = (
            "\n".join(f"extend schema {each}" for each in links)
            if r.random() < 0.5
            else f"extend schema {' '.join(links)}"
        )
        return "\n".join((head, body, *self.parts))

    def at(self, directive: str) -> str:
        """What a directive of federation is called here."""
        if directive in self.imported:
            return self.renames.get(directive, directive)
        return f"@{self.namespace}__{directive[1:]}"

    def _other_specification(self, name: str, versions: tuple[str, ...]) -> None:
        r = self.random
        alias = r.choice((None, None, f"{name}s"))
        imported = r.random() < 0.5
        local = r.choice((name, f"my{name}")) if imported else (alias or name)
        shown = f', import: [{{name: "@{name}", as: "@{local}"}}]' if imported and local != name else ""
        shown = f', import: ["@{name}"]' if imported and local == name else shown
        space = f', as: "{alias}"' if alias else ""
        self.applied = [directive for directive in self.applied if directive != f"@{name}"]
        self.links.append(f'@link(url: "https://specs.apollo.dev/{name}/v{r.choice(versions)}"{space}{shown})')
        self.on_fields.append(f'@{local}(name: "other")' if name == "tag" else f"@{local}")

    def _own_directive(self) -> None:
        r = self.random
        version = r.choice(("1.0", "1.0", "1.2", "1.3", "2.0" if r.random() < 0.1 else "1.0"))
        imports, alias = r.choice((True, True, True, False)), r.choice((None, None, None, "mine"))
        local = self.own if r.random() < 0.85 else r.choice(("other", "tag", "key", "shareable"))
        bare = local
        if imports:
            shown = f'"@{self.own}"' if local == self.own else f'{{name: "@{self.own}", as: "@{local}"}}'
            second = r.choice(("", "", ', "@second"'))
            self.links.append(f'@link(url: "{OWN.format("own", version)}"{self._as(alias)}, import: [{shown}{second}])')
            if second:
                self.parts.append("directive @second on FIELD_DEFINITION")
                self._compose("@second", 0.5)
        else:
            self.links.append(f'@link(url: "{OWN.format("own", version)}"{self._as(alias)})')
            space = alias or "own"
            bare = space if self.own == "own" else f"{space}__{self.own}"
        definition = r.choice(OWN_DEFINITIONS).format(bare, r.choice(("repeatable", "")))
        self.parts.append(definition)
        self._compose(f"@{bare}", 0.75)
        required = "a: String!" in definition
        given = ['(a: "x")', '(a: "y")'] + ([] if required else [""])
        given += ['(a: "x", b: 2)', '(a: "x", b: 1)'] if "b: Int" in definition else []
        self.on_fields.extend(f"@{bare}{r.choice(given)}" for _ in range(2 if "repeatable" in definition else 1))

    def _as(self, alias: str | None) -> str:
        return f', as: "{alias}"' if alias else ""

    def _compose(self, name: str, chance: float) -> None:
        if self.random.random() < chance:
            composing = "@composeDirective"
            if self.minor and composing not in self.imported:
                self.imported.append(composing)
            self.links.append(f'{self.at(composing)}(name: "{name}")')

    def _own_definitions(self) -> None:
        r = self.random
        scalar = self.field_set
        is_used = False
        for directive, texts in DEFINITIONS.items():
            if directive in self.imported and r.random() < 0.06:
                chosen = r.choice(texts) if r.random() < 0.4 else texts[0]
                is_used |= "{}!" in chosen or "{})" in chosen
                self.parts.append(chosen.format(self.at(directive)[1:], scalar))
        if is_used or r.random() < 0.05:
            self.parts.append(f"scalar {scalar}")
        if r.random() < 0.04:
            self.parts.append(
                r.choice(
                    (
                        "enum link__Purpose { SECURITY EXECUTION }",
                        "enum link__Purpose { SECURITY }",
                        "scalar link__Import",
                    )
                )
            )

    def _body(self) -> str:
        r, at = self.random, self.at
        fields = {"id": "id: ID!", "s": f"s: Int {at('@shareable')}", f"f{self.name}": f"f{self.name}: String"}
        extra = {
            "@tag": f'{at("@tag")}(name: "{r.choice("tu")}")', "@inaccessible": at("@inaccessible"), "@cost": f"{at('@cost')}(weight: 2)",
            "@authenticated": at("@authenticated"), "@requiresScopes": f'{at("@requiresScopes")}(scopes: [["x"]])',
        }  # fmt: skip
        for directive in self.applied:
            if directive in extra:
                target = r.choice(("s", f"f{self.name}"))
                fields[target] = f"{fields[target]} {extra[directive]}"
        for text in self.on_fields:
            target = r.choice(("s", "s", f"f{self.name}"))
            fields[target] = f"{fields[target]} {text}"
        if "@override" in self.applied and self.index:
            fields["fa"] = f'fa: String {at("@override")}(from: "a")'
        if "@requires" in self.applied and self.index and "fa" not in fields:
            fields["fa"] = f"fa: String {at('@external')}"
            fields["q"] = f'q{self.name}: Int {at("@requires")}(fields: "fa")'
        value = f"X0 {extra['@tag']}" if "@tag" in self.applied and r.random() < 0.3 else "X0"
        entity = f'type T {at("@key")}(fields: "id") {{ {" ".join(fields.values())} }}'
        return f"type Query {{ t{self.name}: T n{self.name}: N0 }}\n{entity}\nenum N0 {{ {value} X1 }}"
