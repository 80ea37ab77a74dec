"""Request bodies: JSON without the tolerance of the standard parser.

Refused are what others accept in silence: NaN and Infinity, numbers beyond float, duplicate
keys, a byte order mark. Depth is checked on the bytes, since the parser itself recurses.
"""

import json
import math
import re
from typing import Any, Final, Never

MAX_DEPTH: Final = 32
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
            parse_float=_finite_float,
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


def _finite_float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise BadJson("a number is too large")
    return value


def _bounded_int(text: str) -> int:
    # Nothing in the contract is wider than 64 bits, and long digit strings take quadratic time.
    if len(text) > 20:  # noqa: PLR2004 - the digits of -2**63
        raise BadJson("a number is too large")
    return int(text)


def _object_without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out = dict(pairs)
    if len(out) < len(pairs):
        raise BadJson("an object has the same key twice")
    return out
