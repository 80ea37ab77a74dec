"""Request bodies: JSON without the tolerance of the standard parser.

Refused are what others accept in silence: NaN and Infinity, duplicate keys, a byte order mark.
Depth is checked on the bytes, since the parser itself recurses. A number that is beyond float is
read as infinite: the field that it is for refuses it by name.
"""

import json
import re
from typing import Any, Final, Never

MAX_DEPTH: Final = 32
_MAX_DIGITS: Final = 20  # those of -2**63
_STRING: Final = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_BRACKET: Final = re.compile(rb"[\[\]{}]")


class BadJson(Exception):
    """The bytes are not acceptable JSON; the message never repeats them."""


def loads(data: bytes) -> Any:
    """Parse `data`; raises BadJson with a reason for people."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadJson(f"not UTF-8 at byte {error.start}") from None
    if _depth(data) > MAX_DEPTH:
        raise BadJson(f"nested deeper than {MAX_DEPTH} levels")
    try:
        return json.loads(
            text,
            parse_constant=_refuse_constant,
            parse_int=_bounded_int,
            object_pairs_hook=_object_without_duplicates,
        )
    except json.JSONDecodeError as error:
        raise BadJson(f"{error.msg} at line {error.lineno} column {error.colno}") from None


def _depth(data: bytes) -> int:
    """Deepest nesting of brackets outside strings; stops counting just above the limit."""
    depth = deepest = 0
    for bracket in _BRACKET.findall(_STRING.sub(b"", data)):
        if bracket in b"[{":
            depth += 1
            deepest = max(deepest, depth)
            if deepest > MAX_DEPTH:
                break
        else:
            depth -= 1
    return deepest


def _refuse_constant(name: str) -> Never:
    raise BadJson(f"{name} is not a number of JSON")


def _bounded_int(text: str) -> int | float:
    # Nothing in the contract is wider than 64 bits, and long digit strings take quadratic time.
    return int(text) if len(text) <= _MAX_DIGITS else float(text)


def _object_without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out = dict(pairs)
    if len(out) < len(pairs):
        raise BadJson("an object has the same key twice")
    return out
