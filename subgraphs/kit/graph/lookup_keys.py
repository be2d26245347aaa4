"""Look-ups that take one of several keys, such as `product(id:, slug:)`."""

from subgraphs.kit.runtime.refusals import InvalidInput


def check_one_key(**keys: str | None) -> None:
    """Return if exactly one key is given.

    Args:
        keys: The arguments by their names in the schema.

    Raises:
        InvalidInput: when none is given, which would find nothing without a word, or several, of which one would be ignored.
    """
    if sum(value is not None for value in keys.values()) != 1:
        raise InvalidInput(f"Give exactly one of {' and '.join(keys)}", *keys)
