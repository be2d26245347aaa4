"""Random subgraphs that share value types: parts behind unions, interfaces and lists, interface objects, root types below the root.

Most sets compose; those that do must be planned, whatever is asked (`test_composed_is_planned`).
"""

from random import Random

LINK = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@requires", "@external",'
    ' "@shareable", "@interfaceObject"])\n'
)
SHAPES = ("{}", "{}!", "[{}]", "[{}!]!")


def value_subgraphs(random: Random) -> dict[str, str]:
    """Subgraph name -> SDL."""
    return _Maker(random).make()


class _Maker:
    def __init__(self, random: Random) -> None:
        self._random = random
        self._services = [f"s{number}" for number in range(random.randint(2, 4))]
        self._values = [f"V{number}" for number in range(random.randint(1, 4))]
        self._fields: dict[tuple[str, str], dict[str, str]] = {}
        self._heads: dict[tuple[str, str], str] = {}
        self._lines: dict[str, list[str]] = {service: [] for service in self._services}

    def make(self) -> dict[str, str]:
        """Draw one kind of thing after the other."""
        self._draw_values()
        self._draw_abstract()
        self._draw_entity()
        if self._random.random() < 0.5:
            self._draw_interface_objects()
        self._draw_roots()
        return {service: self._print(service) for service in self._services}

    def _some(self, names: list[str], least: int = 1) -> list[str]:
        return sorted(self._random.sample(names, self._random.randint(min(least, len(names)), len(names))))

    def _knowing(self, type_name: str) -> list[str]:
        """The subgraphs that know a type."""
        return sorted(service for service, name in self._fields if name == type_name)

    def _add(self, service: str, type_name: str, field: str, type_: str) -> None:
        self._fields.setdefault((service, type_name), {})[field] = type_

    def _share(self, type_name: str, field: str, named: str, *, least: int = 1) -> None:
        """Give a type a field of one shape in some of the subgraphs that know both types."""
        knowing = [service for service in self._knowing(type_name) if service in self._knowing(named)]
        if knowing:
            shape = self._random.choice(SHAPES).format(named)
            for service in self._some(knowing, least):
                self._add(service, type_name, field, f"{shape} @shareable")

    def _draw_values(self) -> None:
        for name in self._values:
            for service in self._some(self._services):
                self._add(service, name, "both", "Int @shareable")
                if self._random.random() < 0.7:
                    self._add(service, name, f"{name.lower()}_{service}", "Int")
        for number, name in enumerate(self._values[1:]):
            self._share(self._values[number], f"inner{number}", name)

    def _draw_abstract(self) -> None:
        """A union and an interface, with the same members wherever they are known."""
        members = self._some(self._values)
        for kind in self._some(["Any", "Titled"], 0):
            knowing = [each for each in self._services if all(each in self._knowing(member) for member in members)]
            for service in self._some(knowing) if knowing else []:
                if kind == "Any":
                    self._lines[service].append(f"union Any = {' | '.join(members)}")
                else:
                    self._lines[service].append("interface Titled { both: Int }")
                    for member in members:
                        self._heads[service, member] = " implements Titled"
                self._fields.setdefault((service, kind), {})
            if self._random.random() < 0.5:
                self._share(self._random.choice(self._values), f"of_{kind.lower()}", kind)

    def _draw_entity(self) -> None:
        for service in self._some(self._services):
            self._heads[service, "E"] = ' @key(fields: "id")'
            self._add(service, "E", "id", "ID!")
            self._add(service, "E", f"e_{service}", "Int")
        for named in [*self._values, "Any", "Titled"]:
            if self._random.random() < 0.5:
                self._share("E", f"to_{named.lower()}", named, least=2)

    def _draw_interface_objects(self) -> None:
        """Two interfaces of entities, one of them perhaps the other's, in one subgraph; interface objects of them elsewhere."""
        home, *others = self._random.sample(self._services, len(self._services))
        is_chain = self._random.random() < 0.5
        over = " implements Pet" if is_chain else ""
        both = " implements Cat & Pet"
        self._lines[home].append(
            f'interface Pet @key(fields: "id") {{ id: ID! }} interface Cat{over} @key(fields: "id") {{ id: ID! }}'
            f' type Lion{both} @key(fields: "id") {{ id: ID! mane: Int }} type Lynx{both} @key(fields: "id") {{ id: ID! ears: Int }}'
            ' type Dog implements Pet @key(fields: "id") { id: ID! tail: Int }'
        )
        for name in ("Pet", "Cat"):
            self._fields.setdefault((home, name), {})
        for service in others:
            for name in self._some(["Pet", "Cat"], 0):
                self._heads[service, name] = ' @interfaceObject @key(fields: "id")'
                self._add(service, name, "id", "ID!")
                self._add(service, name, f"{name.lower()}_{service}", "Int")
                if self._random.random() < 0.4:
                    self._add(service, name, f"{name.lower()}_mate_{service}", name)
            is_behind = (service, "Cat") in self._fields and (service, "Pet") not in self._fields
            if is_chain and is_behind and self._random.random() < 0.6:
                self._lines[service].append("interface Pet { id: ID! }")
                self._heads[service, "Cat"] = ' implements Pet @interfaceObject @key(fields: "id")'
                self._fields[service, "Pet"] = {}
        for name in ("Pet", "Cat"):
            if (home, name) in self._fields:
                self._heads.setdefault((home, name), "")

    def _draw_roots(self) -> None:
        """Ways to everything, of one subgraph or shared; payloads with root types."""
        for service in self._services:
            self._add(service, "Query", f"ping_{service}", "Int")
            for name in ("E", "Pet", "Cat"):
                if service in self._knowing(name) and self._random.random() < 0.6:
                    shape = self._random.choice(SHAPES).format(name)
                    self._add(service, "Query", f"{name.lower()}_{service}", shape)
        for named in [*self._values, "E", "Any", "Titled"]:
            if self._random.random() < 0.6:
                self._share("Query", named.lower(), named, least=2)
        for service in self._some(self._services, 0):
            self._add(service, "Mutation", f"save_{service}", "Payload")
            self._add(service, "Payload", "ok", "Boolean @shareable")
            if self._random.random() < 0.6:
                self._add(service, "Payload", "query", "Query @shareable")
            if self._random.random() < 0.4:
                self._add(service, "Payload", f"again_{service}", self._random.choice(SHAPES).format("Mutation"))
            if self._random.random() < 0.3:
                self._add(service, "Query", f"home_{service}", "Query")
            if service in self._knowing("E"):
                self._add(service, "Mutation", f"make_{service}", "E")

    def _print(self, service: str) -> str:
        lines = [LINK, *self._lines[service]]
        for (place, name), fields in self._fields.items():
            if place == service and fields:
                body = " ".join(f"{field}: {type_}" for field, type_ in fields.items())
                lines.append(f"type {name}{self._heads.get((place, name), '')} {{ {body} }}")
        return "\n".join(lines)
