"""JSON for the general path: nothing a custom scalar holds is changed on its way through.

Numbers that Python's float cannot hold stay exact: fractions are decoded as Decimal and written as they came, integers have
no bound.
"""

import sys
from decimal import Decimal
from typing import Any

import msgspec

_decoder = msgspec.json.Decoder(float_hook=Decimal)
_encoder = msgspec.json.Encoder(decimal_format="number")


def encode_json(value: Any) -> bytes:
    """The JSON text of a value made of what `decode_json` gives."""
    try:
        return _encoder.encode(value)
    except RecursionError:
        # It was read a few frames nearer to the stack's start. What could be read there, is written here.
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(2 * limit)
        try:
            return _encoder.encode(value)
        finally:
            sys.setrecursionlimit(limit)


def has_more_values(body: bytes, max_values: int) -> bool:
    """Whether a JSON text may hold more than so many values, each list and object one of them.

    Every value but the first follows a comma or a bracket. Those inside of texts are counted as well: to find the texts would
    cost as much as this bound saves, and only a text that is one fifth commas makes a difference.
    """
    if len(body) <= 2 * max_values:
        return False
    return body.count(b",") + body.count(b"[") + body.count(b"{") > max_values


def decode_json(body: bytes) -> Any:
    """The value of a JSON text, with Decimal for every number that is no integer.

    Raises:
        ValueError: no JSON, no UTF-8, nested deeper than Python's stack, or a number that no Decimal can hold.
    """
    try:
        return _decoder.decode(body)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    except ArithmeticError as error:
        raise ValueError("a number is out of range") from error
