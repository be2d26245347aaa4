"""Steps that decorate what a random set defines: texts, deprecations, tags, directives of its own and for operations, inputs."""

import re

from tests.laboratory.random_subgraphs import RandomField, RandomType, SubgraphMaker

TEXTS = ('"one" ', '"two" ', '"""\nmany\nlines\n"""\n', "", "", "")


class DecoratingMaker(SubgraphMaker):
    """A maker with these steps; none of them is taken by itself.

    Attributes:
        links: subgraph -> further `@link`s of it.
        is_fed1: subgraph -> whether it is written in federation 1.
    """

    links: dict[str, list[str]]
    is_fed1: dict[str, bool]

    def objects(self, subgraph: str, letters: str = "EVMQ") -> list[RandomType]:
        """The object types of a subgraph whose names begin with one of the letters."""
        return [t for t in self.types[subgraph].values() if t.keyword == "type" and t.name[0] in letters and t.fields]

    def own_directives(self) -> None:
        """Links, composes and applies a directive of its own."""
        r = self.random
        repeatable = r.choice((" repeatable", ""))
        version = r.choice(("1.0", "1.0", "1.3"))
        for subgraph in self._some():
            if r.random() < 0.15:
                version = r.choice(("1.0", "1.2", "1.3", "2.0" if r.random() < 0.2 else "1.1"))
            self.links[subgraph].append(
                f'@link(url: "https://example.org/own/v{version}", import: ["@own"]) @composeDirective(name: "@own")'
            )
            self.extra[subgraph].append(
                f"directive @own(a: String, b: Int = 1){repeatable} on FIELD_DEFINITION | OBJECT | ENUM_VALUE"
            )
            self.is_fed1[subgraph] = False
            for made in self.objects(subgraph):
                for field in made.fields.values():
                    if r.random() < 0.15 and "@external" not in field.directives:
                        given = r.choice(("", '(a: "x")', '(a: "y", b: 2)', "(b: 1)", '(b: 1, a: "x")'))
                        field.directives.append(f"@own{given}")
                        if repeatable and r.random() < 0.3:
                            field.directives.append('@own(a: "z")')

    def executable(self) -> None:
        """Defines a directive for operations."""
        r = self.random
        base = r.choice(("(a: Int = 1)", "(a: N0, b: [Int!])", ""))
        for subgraph in self.names if r.random() < 0.8 else self._some():
            arguments = base if r.random() < 0.8 else r.choice(("(a: Int!)", "(b: [Int!])", ""))
            repeatable = r.choice(("", "", " repeatable"))
            places = r.sample(("FIELD", "QUERY", "FIELD_DEFINITION", "INLINE_FRAGMENT"), r.randint(1, 4))
            self.extra[subgraph].append(
                f"{r.choice(TEXTS)}directive @op{arguments}{repeatable} on {' | '.join(places)}"
            )

    def visibility(self) -> None:
        """Hides and tags things."""
        r = self.random
        for subgraph in self.names:
            for made in self.types[subgraph].values():
                if made.name != "Query" and r.random() < 0.03:
                    made.head = f"{made.head} {r.choice(('@inaccessible', self.tag()))}"
                for field in made.fields.values():
                    if (
                        "@external" not in field.directives
                        and r.random() < 0.05
                        and "@inaccessible" not in field.directives
                    ):
                        hidden = "@inaccessible" if r.random() < 0.25 else self.tag()
                        field.directives.append(hidden)
                    if field.arguments.startswith("(p: ") and "@" not in field.arguments and r.random() < 0.06:
                        field.arguments = f"{field.arguments[:-1]} {r.choice(('@inaccessible', self.tag()))})"
            self.extra[subgraph] = [self._with_visibility(text) for text in self.extra[subgraph]]

    def _with_visibility(self, text: str) -> str:
        r = self.random
        if text.startswith("enum N0") and r.random() < 0.2:
            return re.sub(r"(X0)\b", rf"\1 {r.choice(('@inaccessible', self.tag()))}", text)
        if text.startswith("input In0") and r.random() < 0.1:
            return re.sub(r"(i0: \S+)", rf"\1 {r.choice(('@inaccessible', self.tag()))}", text)
        if text.startswith("scalar S0") and r.random() < 0.1:
            return f"{text} {r.choice(('@inaccessible', self.tag()))}"
        if text.startswith("union") and r.random() < 0.1:
            return text.replace(" =", f" {self.tag()} =")
        return text

    def tag(self) -> str:
        """A random `@tag`."""
        return f'@tag(name: "{self.random.choice(("t", "u"))}")'

    def inputs(self) -> None:
        """Adds an input type with defaults, and fields that take it."""
        r = self.random
        base = {
            "a": r.choice(("Int", "Int = 1", "Int!", "Int! = 2")),
            "b": r.choice(("String", 'String = "x"', "[Int!]", "[Int!] = [1, 2]", "N0", "N0 = X0")),
            "c": r.choice(("In0", "In1", "In0 = {i0: 1}", "Float = 1", "ID = 3")),
        }
        has_defaults = r.random() < 0.3
        for subgraph in self._some():
            fields = dict(base)
            if r.random() < 0.1:
                name = r.choice(list(fields))
                bare = fields[name].split(" =")[0]
                fields[name] = r.choice((bare, "Int", "Int = 7", bare if has_defaults else f"{bare.rstrip('!')}!"))
            if r.random() < 0.1:
                fields.pop(r.choice(list(fields)))
            shown = " ".join(f"{name}: {type_}" for name, type_ in fields.items())
            self.extra[subgraph].append(f"input In1 {{ {shown} }}")
            default = "(i: In1 = {a: 1})" if has_defaults and "a" in fields else "(i: In1)"
            used = r.choice(("(i: In1)", "(i: In1!)", "(i: [In1])", "(i: In1, b: N0 = X0)", default))
            self.types[subgraph]["Query"].fields[f"in{subgraph}"] = RandomField(f"in{subgraph}", "Int", used)

    def texts(self) -> None:
        """Describes things, differently in different subgraphs."""
        r = self.random
        for subgraph in self.names:
            for made in self.types[subgraph].values():
                made.description = r.choice(TEXTS)
                for field in made.fields.values():
                    field.description = r.choice(TEXTS)
                    if field.arguments.startswith("(p:") and r.random() < 0.3:
                        field.arguments = f'("{r.choice("xy")}" {field.arguments[1:]}'
            self.extra[subgraph] = [
                f"{r.choice(TEXTS)}{text}" if text.startswith(("enum", "input", "scalar", "union")) else text
                for text in self.extra[subgraph]
            ]

    def deprecations(self) -> None:
        """Deprecates fields and values, and says where scalars are specified."""
        r = self.random
        for subgraph in self.names:
            for made in self.objects(subgraph):
                if "implements" in made.head:
                    continue
                for field in made.fields.values():
                    if r.random() < 0.1 and "@external" not in field.directives:
                        field.directives.append(
                            r.choice(("@deprecated", '@deprecated(reason: "old")', '@deprecated(reason: "bad")'))
                        )
            for index, text in enumerate(self.extra[subgraph]):
                if text.startswith("scalar S0") and r.random() < 0.5:
                    self.extra[subgraph][index] = f'{text} @specifiedBy(url: "https://example.org/{r.choice("ab")}")'
                if text.startswith("enum N0") and r.random() < 0.3:
                    self.extra[subgraph][index] = text.replace("X0", 'X0 @deprecated(reason: "gone")', 1)

    def argument_differences(self) -> None:
        """Takes arguments away, or gives them another type."""
        r = self.random
        for subgraph in self.names:
            for made in self.objects(subgraph, "EV"):
                for field in made.fields.values():
                    if not field.arguments.startswith("(p: ") or r.random() > 0.2:
                        continue
                    type_ = field.arguments[4:-1].split(" =")[0].split(" @")[0]
                    field.arguments = r.choice(
                        ("", f"(p: {type_.rstrip('!')}!)", f"(p: {type_.rstrip('!')})", f"(p: {type_}, q: Int)")
                    )
