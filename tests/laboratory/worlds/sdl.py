"""Prints what a subgraph has of a blueprint, as SDL."""

import re

from tests.laboratory.worlds.model import Blueprint, Field, Type

LINK = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@requires", "@provides",'
    ' "@external", "@shareable", "@override", "@interfaceObject", "@inaccessible", "@context", "@fromContext"])\n'
)

INPUTS = {
    "Unit": "enum Unit { METRE FOOT INCH }",
    "Filter": 'input Filter { name: String = "any" tags: [String!] unit: Unit = FOOT deep: [[Filter!]] also: Filter number: Int! = 4 }',
    "Blob": "scalar Blob",
}
"""Types for arguments and leaves; a subgraph declares those that it names."""


def subgraph_sdl(blueprint: Blueprint, place: str) -> str:
    """The subgraph's document; empty if it has nothing."""
    lines = [_type(blueprint, each, place) for each in blueprint.types.values() if place in each.places]
    lines += [f"union {name} = {' | '.join(held[place])}" for name, held in blueprint.unions.items() if place in held]
    text = "\n".join(line for line in lines if line)
    if not text:
        return ""
    if re.search(r"\bFilter\b", text):
        text = f"{text}\n{INPUTS['Filter']}"
    named = [declared for name, declared in INPUTS.items() if name != "Filter" and re.search(rf"\b{name}\b", text)]
    declared = "\n".join(named)
    for value in sorted(blueprint.hidden_values):
        declared = re.sub(rf"(enum Unit .*)\b{value}\b", rf"\1{value} @inaccessible", declared)
    return f"{LINK}{text}\n{declared}"


def _type(blueprint: Blueprint, shown: Type, place: str) -> str:
    fields = [
        _field(each, place, is_interface=shown.is_interface and place not in shown.objects_in)
        for each in shown.fields.values()
        if each.declared_in(place)
    ]
    if not fields:
        return ""
    is_interface = shown.is_interface and place not in shown.objects_in
    resolvable = ", resolvable: false" if place in shown.stubs else ""
    head = ["interface" if is_interface else "type", shown.name]
    if shown.implements.get(place):
        head.append(f"implements {' & '.join(shown.implements[place])}")
    head += [f'@key(fields: "{key}"{resolvable})' for key in shown.keys.get(place, [])]
    if place in shown.objects_in:
        head.append("@interfaceObject")
    if shown.is_hidden:
        head.append("@inaccessible")
    if place in shown.contexts:
        head.append(f'@context(name: "{shown.contexts[place]}")')
    return f"{' '.join(head)} {{ {' '.join(fields)} }}"


def _field(shown: Field, place: str, *, is_interface: bool) -> str:
    arguments = shown.arguments
    if shown.context and place in shown.owners:
        arguments = f"({arguments.strip('()')}{', ' if arguments else ''}{shown.context})"
    text = f"{shown.name}{arguments}: {shown.types.get(place, shown.type)}"
    if is_interface:
        return f"{text} @inaccessible" if shown.is_hidden and place == shown.owners[0] else text
    if place == shown.overridden:
        return text
    if place not in shown.owners:
        return f"{text} @external"
    if len(shown.owners) > 1 or shown.is_shareable:
        text += " @shareable"
    if shown.overridden is not None:
        label = f', label: "{shown.label}"' if shown.label else ""
        text += f' @override(from: "{shown.overridden}"{label})'
    if shown.requires:
        text += f' @requires(fields: "{shown.requires}")'
    if place in shown.provides:
        text += f' @provides(fields: "{shown.provides[place]}")'
    if shown.is_hidden and place == shown.owners[0]:
        text += " @inaccessible"
    return text
