"""Random sets of subgraphs that use all that federation has: what `random_subgraphs` makes, with more on it.

Contexts, mutations, interfaces of interfaces, interface objects with requirements, overrides under labels, access rules, costs,
renamed and unimported directives, directives of the subgraphs' own, inputs with defaults, enums in and out, descriptions,
deprecations, nested keys, and subgraphs of federation 1 among those of federation 2.
"""

import re
from random import Random

from tests.laboratory.random_decorations import DecoratingMaker
from tests.laboratory.random_subgraphs import SCALARS, RandomField, RandomType

VERSION = "2.11"
IMPORTS = (
    "@key", "@requires", "@provides", "@external", "@tag", "@extends", "@shareable", "@inaccessible", "@override",
    "@composeDirective", "@interfaceObject", "@authenticated", "@requiresScopes", "@policy", "@context", "@fromContext", "@cost",
    "@listSize",
)  # fmt: skip
RENAMED = {"@tag": "@label", "@inaccessible": "@hidden", "@requiresScopes": "@scopes", "@cost": "@price", "@key": "@pk"}
FED2_ONLY = re.compile(
    r"\s*@(shareable|inaccessible|authenticated|override|requiresScopes|policy|cost|listSize)\b"
    r'(\((?:"[^"]*"|[^()"])*\))?'
)


def wide_subgraphs(random: Random, *, breakage: float = 0.3) -> dict[str, str]:
    """Subgraph name -> SDL.

    Args:
        breakage: how probable it is that something is broken on purpose.
    """
    return _WideMaker(random).make(breakage)


class _WideMaker(DecoratingMaker):
    def __init__(self, random: Random) -> None:
        super().__init__(random, noise=0.2)
        r = random
        self.links: dict[str, list[str]] = {name: [] for name in self.names}
        self.is_fed1 = {name: r.random() < 0.07 for name in self.names}
        self.style = r.choice(("", "", "", "", "renamed", "unimported", "as"))
        self.odd_style = r.choice(self.names) if r.random() < 0.03 else None
        self.steps = [
            step
            for step, chance in (
                (self._mutations, 0.3), (self._contexts, 0.25), (self._more_interfaces, 0.3), (self._access, 0.35),
                (self._costs, 0.3), (self.own_directives, 0.25), (self.visibility, 0.35), (self.inputs, 0.4),
                (self.texts, 0.3), (self.deprecations, 0.25), (self._nested_keys, 0.25), (self.argument_differences, 0.25),
                (self._labels, 0.2), (self._interface_object_fields, 0.5), (self._extensions, 0.15), (self._subscriptions, 0.1),
                (self._deep_requirements, 0.25), (self.executable, 0.15),
            )
            if r.random() < chance
        ]  # fmt: skip

    def more(self) -> None:
        for step in self.steps:
            step()

    def _entities(self, subgraph: str) -> list[RandomType]:
        return [t for t in self.objects(subgraph, "E") if '@key(fields: "id"' in t.head and "id" in t.fields]

    def _mutations(self) -> None:
        r = self.random
        for subgraph in self._some():
            targets = [t.name for t in self.objects(subgraph, "EV")]
            type_ = r.choice([*targets, "Int"])
            made = RandomType("type", "Mutation")
            made.fields[f"do{subgraph}"] = RandomField(f"do{subgraph}", type_, "(p: Int!)")
            self.types[subgraph]["Mutation"] = made
        if r.random() < 0.5:
            shared = r.choice(["Int", "E0", "V0"])
            for subgraph in self.names:
                made_there = self.types[subgraph].get("Mutation")
                if made_there is not None and (shared == "Int" or shared in self.types[subgraph]):
                    made_there.fields["same"] = RandomField("same", shared, directives=["@shareable"])

    def _subscriptions(self) -> None:
        for subgraph in self._some():
            targets = [t.name for t in self.objects(subgraph, "EV")]
            fields = {f"on{subgraph}": RandomField(f"on{subgraph}", self.random.choice([*targets, "Int"]))}
            self.types[subgraph]["Subscription"] = RandomType("type", "Subscription", fields=fields)

    def _contexts(self) -> None:
        r = self.random
        for subgraph in self._some():
            entities = self._entities(subgraph)
            if not entities:
                continue
            setter = r.choice(self.objects(subgraph, "EV"))
            taker = r.choice(entities)
            if r.random() < 0.7:  # one that is reached by the setter alone
                made = {"id": RandomField("id", "ID!"), "own": RandomField("own", "Int")}
                taker = self.types[subgraph]["C0"] = RandomType("type", "C0", '@key(fields: "id")', made)
            names = [
                n for n, f in setter.fields.items() if f.type.strip("!") in {"Int", "String", "ID"} and not f.arguments
            ]
            if not names:
                continue
            chosen = setter.fields[r.choice(names)]
            name = r.choice(("c", "c", "ctx", "c_x" if r.random() < 0.1 else "c"))
            setter.head = f'{setter.head} @context(name: "{name}")'.strip()
            wanted = name if r.random() < 0.97 else "unset"
            type_ = chosen.type.rstrip("!") if r.random() < 0.9 else "Int"
            argument = f'(x: {type_} @fromContext(field: "${wanted} {{ {chosen.name} }}"))'
            taker.fields[f"ctx{subgraph}"] = RandomField(f"ctx{subgraph}", "Int", argument)
            setter.fields[f"to{subgraph}"] = RandomField(f"to{subgraph}", taker.name)

    def _more_interfaces(self) -> None:
        r = self.random
        for subgraph in self._some():
            candidates = [t for t in self.objects(subgraph, "EV") if "implements" not in t.head]
            if not candidates:
                continue
            chosen = r.choice(candidates)
            plain = [f for f in chosen.fields.values() if not f.directives or f.directives == ["@shareable"]]
            if not plain:
                continue
            shown = r.choice(plain)
            arguments = re.sub(r" @\w+(\([^()]*\))?", "", shown.arguments)
            field = RandomField(shown.name, shown.type.rstrip("!") if r.random() < 0.3 else shown.type, arguments)
            self.types[subgraph]["J0"] = RandomType("interface", "J0", fields={field.name: field})
            if r.random() < 0.4:
                lower = RandomType(
                    "interface", "J1", "implements J0", {field.name: RandomField(field.name, shown.type, arguments)}
                )
                self.types[subgraph]["J1"] = lower
                chosen.head = f"implements J0 & J1 {chosen.head}"
            else:
                chosen.head = f"implements J0 {chosen.head}"
            self.types[subgraph]["Query"].fields[f"j{subgraph}"] = RandomField(f"j{subgraph}", "J0")

    def _access(self) -> None:
        r = self.random
        for subgraph in self.names:
            for made in self.objects(subgraph):
                if r.random() < 0.08 and made.name[0] != "Q" and "@interfaceObject" not in made.head:
                    made.head = f"{made.head} {self._access_rule()}"
                for field in made.fields.values():
                    if r.random() < 0.06 and "@external" not in field.directives:
                        rule = self._access_rule()
                        if not any(d.startswith(rule.split("(")[0]) for d in field.directives):
                            field.directives.append(rule)
            for index, text in enumerate(self.extra[subgraph]):
                if r.random() < 0.05 and text.startswith(("enum N0", "scalar S0")):
                    head, brace, rest = text.partition(" {")
                    self.extra[subgraph][index] = f"{head} {self._access_rule()}{brace}{rest}"

    def _access_rule(self) -> str:
        names = [f'["{self.random.choice("xyz")}"]' for _ in range(self.random.randint(1, 2))]
        return self.random.choice(
            (
                "@authenticated",
                f"@requiresScopes(scopes: [{', '.join(names)}])",
                f"@policy(policies: [{', '.join(names)}])",
            )
        )

    def _costs(self) -> None:
        r = self.random
        for subgraph in self.names:
            for made in self.objects(subgraph):
                for field in made.fields.values():
                    if "@external" in field.directives or r.random() > 0.1:
                        continue
                    if field.type.startswith("["):
                        slicing = (
                            'slicingArguments: ["p"]' if field.arguments.startswith("(p: Int") else "assumedSize: 5"
                        )
                        size = r.choice(("assumedSize: 3", "assumedSize: 10", slicing, "assumedSize: -1"))
                        if size != "assumedSize: -1" or r.random() < 0.1:
                            field.directives.append(
                                f"@listSize({size}, requireOneSlicingArgument: {r.choice(('true', 'false'))})"
                            )
                    elif not any(d.startswith("@cost") for d in field.directives):
                        field.directives.append(f"@cost(weight: {r.randint(1, 4)})")
                    if field.arguments.startswith("(p: ") and "@" not in field.arguments and r.random() < 0.5:
                        field.arguments = field.arguments[:-1] + f" @cost(weight: {r.randint(1, 3)}))"

    def _nested_keys(self) -> None:
        """A key through another object, in some of the subgraphs that have both."""
        r = self.random
        for subgraph in self.names:
            entities = self._entities(subgraph)
            if len(entities) < 2 or r.random() < 0.3:
                continue
            outer, inner = r.sample(entities, 2)
            outer.fields["via"] = RandomField("via", inner.name, directives=["@shareable"] if r.random() < 0.9 else [])
            nested = r.choice(("id", "id", "sku" if "sku" in inner.fields else "id"))
            outer.head = f'{outer.head} @key(fields: "via {{ {nested} }}")'
            if r.random() < 0.4:
                outer.head = outer.head.replace('@key(fields: "id") ', "", 1)

    def _labels(self) -> None:
        r = self.random
        for subgraph in self.names:
            for made in self.objects(subgraph, "EQ"):
                for field in made.fields.values():
                    if (
                        any(d.startswith("@override") or d == "@external" for d in field.directives)
                        or r.random() > 0.12
                    ):
                        continue
                    source = r.choice(self.names)
                    if source != subgraph and "interfaceObject" not in made.head:
                        label = r.choice(
                            (
                                "percent(50)",
                                "percent(0.5)",
                                "mine",
                                "percent(1000)" if r.random() < 0.1 else "percent(1)",
                            )
                        )
                        field.directives.append(f'@override(from: "{source}", label: "{label}")')

    def _interface_object_fields(self) -> None:
        r = self.random
        for subgraph in self.names:
            for made in self.objects(subgraph, "M"):
                if "@interfaceObject" not in made.head:
                    continue
                made.fields["m2"] = RandomField(
                    "m2", r.choice(("Int", "V0" if "V0" in self.types[subgraph] else "Int")), "(p: Int)"
                )
                if r.random() < 0.3:
                    made.fields["m"] = RandomField("m", "Int", directives=["@external"])
                    made.fields["mr"] = RandomField("mr", "Int", directives=['@requires(fields: "m")'])
                if r.random() < 0.3:
                    made.fields["m2"].directives.append("@shareable")
                if r.random() < 0.5:
                    self.types[subgraph]["Query"].fields[f"m{subgraph}"] = RandomField(
                        f"m{subgraph}", r.choice(("M0", "[M0]"))
                    )

    def _extensions(self) -> None:
        for subgraph in self.names:
            for made in self._entities(subgraph):
                if self.random.random() < 0.4:
                    if self.random.random() < 0.5:
                        made.keyword = "extend type"
                    else:
                        made.head = f"{made.head} @extends"

    def _deep_requirements(self) -> None:
        """A requirement below a field whose object is external here."""
        r = self.random
        for subgraph in self.names:
            for made in self._entities(subgraph):
                others = [
                    field
                    for other in self.names
                    for field in (self.types[other].get(made.name) or RandomType("type", "")).fields.values()
                    if field.name not in made.fields and field.type in self.types[subgraph] and not field.arguments
                ]
                if not others or r.random() < 0.4:
                    continue
                outer = r.choice(others)
                below = [
                    f
                    for f in self.types[subgraph][outer.type].fields.values()
                    if not f.arguments and f.type.strip("[]!") in SCALARS
                ]
                if not below:
                    continue
                inner = r.choice(below)
                made.fields[outer.name] = RandomField(outer.name, outer.type, "", ["@external"])
                made.fields[f"deep{subgraph}"] = RandomField(
                    f"deep{subgraph}", "Int", directives=[f'@requires(fields: "{outer.name} {{ {inner.name} }}")']
                )

    def document(self, name: str) -> str:
        body = "\n".join([*map(str, self.types[name].values()), *self.extra[name]])
        if self.is_fed1[name] and not re.search("interfaceObject|@context|@composeDirective", body):
            return FED2_ONLY.sub("", body)
        style = "renamed" if name == self.odd_style else self.style
        imports, argument = list(IMPORTS), ""
        match style:
            case "renamed":
                imports = [f'{{name: "{n}", as: "{RENAMED[n]}"}}' if n in RENAMED else f'"{n}"' for n in imports]
                body = re.sub(r"@(\w+)", lambda found: RENAMED.get(found[0], found[0]), body)
            case "unimported" | "as":
                kept = {"@key", "@shareable", "@composeDirective"}
                prefix = "federation" if style == "unimported" else "fed"
                argument = "" if style == "unimported" else ', as: "fed"'
                body = re.sub(
                    r"@(\w+)",
                    lambda found: f"@{prefix}__{found[1]}" if found[0] in {*imports} - kept else found[0],
                    body,
                )
                imports = [f'"{n}"' for n in imports if n in kept]
            case _:
                imports = [f'"{n}"' for n in imports]
        links = " ".join(self.links[name])
        url = f"https://specs.apollo.dev/federation/v{VERSION}"
        return f'extend schema @link(url: "{url}"{argument}, import: [{", ".join(imports)}]) {links}\n{body}'
