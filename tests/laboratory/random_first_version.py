"""Random sets of subgraphs of federation 1, some with one of federation 2 among them: what the upgrade makes of them."""

from random import Random

LINK = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@requires", "@provides", "@external",'
    ' "@shareable", "@tag"])\n'
)
DEFINITIONS = (
    "directive @key(fields: _FieldSet!) repeatable on OBJECT | INTERFACE\nscalar _FieldSet",
    "directive @key(fields: String!) repeatable on OBJECT | INTERFACE",
    "directive @external on FIELD_DEFINITION | OBJECT",
    "directive @external on FIELD_DEFINITION",
    "directive @provides(fields: _FieldSet!) on FIELD_DEFINITION\nscalar _FieldSet",
    "directive @extends on OBJECT | INTERFACE",
    "scalar _Any\nscalar _FieldSet\nunion _Entity = E\ntype _Service { sdl: String }",
    "directive @tag(name: String!) repeatable on FIELD_DEFINITION | OBJECT",
)


def first_version_subgraphs(random: Random) -> dict[str, str]:
    """Subgraph name -> SDL."""
    r = random
    names = ["a", "b", "c"][: r.randint(1, 3)]
    owner = r.choice(names)
    key = r.choice(("id", "id", "id", "id sku", "o { id }"))
    documents: dict[str, str] = {}
    for name in names:
        is_second = r.random() < 0.12
        maker = _Document(r, name, is_owner=name == owner, key=key, is_second=is_second)
        documents[name] = (LINK if is_second else "") + maker.write()
    return documents


class _Document:
    """One subgraph."""

    def __init__(self, random: Random, name: str, *, is_owner: bool, key: str, is_second: bool) -> None:
        self.random, self.name, self.is_owner, self.key, self.is_second = random, name, is_owner, key, is_second
        self.parts: list[str] = []

    def write(self) -> str:
        r = self.random
        self._entity()
        self._values()
        if r.random() < 0.4:
            self._interface()
        keyword = r.choice(("type Query", "extend type Query"))
        provided = f" {self._provided()}" if r.random() < 0.35 else ""
        self.parts.append(f"{keyword} {{ e{self.name}: E{provided} v{self.name}: V {self._shared_root()} }}")
        if r.random() < 0.15:
            self.parts.append(f"type Mutation {{ do{self.name}: E same: Int }}")
        if not self.is_second and r.random() < 0.15:
            self.parts.append(r.choice(DEFINITIONS))
        if r.random() < 0.3:
            r.shuffle(self.parts)
        return "\n".join(self.parts)

    def _shared_root(self) -> str:
        shareable = " @shareable" if self.is_second else ""
        return f"same: Int{shareable}" if self.random.random() < 0.2 else ""

    def _field_set(self, text: str) -> str:
        """The fields in one of the spellings that federation 1 takes."""
        names = text.split()
        spelling = self.random.random()
        if self.is_second or "{" in text or spelling < 0.75:
            return f'"{text}"'
        if spelling < 0.88:
            return "[" + ", ".join(f'"{name}"' for name in names) + "]"
        return names[0] if len(names) == 1 else "[" + ", ".join(names) + "]"

    def _entity(self) -> None:
        r = self.random
        extends = not self.is_owner and r.random() < 0.85
        external = " @external" if extends and r.random() < 0.9 else ""
        share = " @shareable" if self.is_second else ""
        fields = {"id": f"id: ID!{external}"}
        if "sku" in self.key or r.random() < 0.4:
            fields["sku"] = f"sku: String!{external or share}"
        if "{" in self.key or r.random() < 0.3:
            fields["o"] = f"o: O{external or share}"
        fields[f"f{self.name}"] = f"f{self.name}: Int"
        if r.random() < 0.3:
            fields["s"] = f"s: Int{share}"
        if r.random() < 0.45:
            self._mentioned(fields, share)
        if r.random() < 0.1:
            fields["g"] = f"g(p: {r.choice(('Int', 'Int!', 'Int = 1'))}): Int{share}"
        heads = [f"@key(fields: {self._field_set(self.key)})"]
        if "sku" in fields and r.random() < 0.3 and self.key == "id":
            heads.append(f"@key(fields: {self._field_set('sku')})")
        if r.random() < 0.04:
            heads.append("@external" if not self.is_second else "")
        if r.random() < 0.1:
            heads.append('@tag(name: "t")')
        if r.random() < 0.03:
            heads.pop(0)
        keyword = "type"
        if extends:
            keyword = "extend type" if r.random() < 0.7 else "type"
            heads += ["@extends"] if keyword == "type" else []
        self.parts.append(f"{keyword} E {' '.join(heads)} {{ {' '.join(fields.values())} }}")
        if "o" in fields:
            self.parts.append(f"type O {share} {{ id: ID! x: Int }}")

    def _mentioned(self, fields: dict[str, str], share: str) -> None:
        """External fields, and requirements of them, of own ones, or of both."""
        r = self.random
        others = [f"f{name}" for name in "abc" if name != self.name] + ["s", "sku", "o"]
        wanted = r.choice(others)
        type_ = {"sku": "String!", "o": "O"}.get(wanted, "Int")
        fields.setdefault(wanted, f"{wanted}: {type_} @external")
        selections = {"o": "o { x }"}.get(wanted, wanted)
        own = f"f{self.name}"
        chosen = r.choice((selections, selections, f"{selections} {own}", own, f"{own} {selections}"))
        if r.random() < 0.75:
            if self.is_second and own in chosen:
                chosen = selections
            fields["r"] = f"r{self.name}: Int @requires(fields: {self._field_set(chosen)})"
        if wanted == "o" and not any(part.startswith("type O") for part in self.parts):
            fields.setdefault("o", f"o: O{share}")

    def _values(self) -> None:
        r = self.random
        share = " @shareable" if self.is_second else ""
        fields = ["v: Int", "w: String"][: r.randint(1, 2)]
        if r.random() < 0.15:
            fields.append("x: Int @external")
        if r.random() < 0.1:
            fields[0] = "v: Int!"
        keyword = "extend type" if r.random() < 0.03 else "type"
        self.parts.append(f"{keyword} V{share} {{ {' '.join(fields)} }}")

    def _interface(self) -> None:
        r = self.random
        key = ' @key(fields: "id")' if r.random() < 0.4 else ""
        external = r.choice(("", "", " @external", ' @requires(fields: "id")', ' @provides(fields: "id")'))
        if self.is_second:
            key = external = ""
        keyword = r.choice(("interface", "interface", "extend interface" if r.random() < 0.3 else "interface"))
        own_key = ' @key(fields: "id")' if r.random() < 0.7 else ""
        shared = " @shareable" if self.is_second and not own_key else ""
        self.parts.append(f"{keyword} I{key} {{ id: ID!{external} }}")
        self.parts.append(f"type J implements I{own_key}{shared} {{ id: ID! j{self.name}: Int }}")
        self.parts.append(f"union U = V | J\nextend type Query {{ i{self.name}: I u{self.name}: U }}")

    def _provided(self) -> str:
        r = self.random
        fields = r.choice(("sku", "s", "id", "fa", "o { x }", "s sku", "r"))
        return f"@provides(fields: {self._field_set(fields)})"
