"""A settings file as values, and the line of each key, so that what is wrong can be found."""

from collections.abc import Mapping

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

Key = tuple[str | int, ...]
"""Where a value is: names of mappings and indexes of lists, from the top."""


class YamlError(ValueError):
    """Raised when the text is no YAML, or has a key twice.

    Args:
        place: ``:line:column`` or ``:line``, counted from 1; "" if it is not known.
    """

    def __init__(self, message: str, place: str) -> None:
        super().__init__(message)
        self.message = message
        self.place = place


def read_yaml(text: str) -> tuple[object, Mapping[Key, int]]:
    """Return the value of the only document, None for an empty one, and the line of each key, counted from 1.

    Raises:
        YamlError: the text is no YAML, or has a key twice.
    """
    loader = yaml.SafeLoader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None, {}
        lines: dict[Key, int] = {}
        _note_lines(node, (), lines, ())
        return loader.construct_document(node), lines
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f":{mark.line + 1}:{mark.column + 1}" if mark is not None else ""
        raise YamlError(f"not YAML: {error.problem}", place) from None
    except yaml.YAMLError as error:
        raise YamlError(f"not YAML: {error}", "") from None
    finally:
        loader.dispose()


def _note_lines(node: Node, key: Key, lines: dict[Key, int], above: tuple[Node, ...]) -> None:
    if any(node is outer for outer in above):
        raise YamlError("an alias refers to what it is part of", f":{node.start_mark.line + 1}")
    above = (*above, node)
    match node:
        case MappingNode():
            seen: set[str] = set()
            for name, value in node.value:
                line = name.start_mark.line + 1
                if not isinstance(name, ScalarNode):
                    raise YamlError("a key is no name", f":{line}")
                if name.value in seen:
                    place = ".".join(map(str, (*key, name.value)))
                    raise YamlError(f"{place} is given twice; only one of them would count", f":{line}")
                seen.add(name.value)
                lines[*key, name.value] = line
                _note_lines(value, (*key, name.value), lines, above)
        case SequenceNode():
            for index, value in enumerate(node.value):
                lines[*key, index] = value.start_mark.line + 1
                _note_lines(value, (*key, index), lines, above)
