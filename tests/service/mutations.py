"""Bodies with something else in some of their places: whatever comes is never an error of ours."""

from collections.abc import Iterable
from typing import Any

from hypothesis import strategies as st

_JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(
        ["", "0", "-1", "1e9", "NaN", "H100", "L4", "FP4", "QLORA", "0.9", "3s", "\0", "🦙"]
    ),
    st.lists(st.integers(-1, 3), max_size=3),
    st.dictionaries(
        st.sampled_from(["training", "tensor", "amount", "provider", "x"]), st.integers(-1, 9)
    ),
)
CHANGES = st.lists(st.tuples(st.integers(0, 10**6), _JUNK), max_size=3)
"""What to put where: a place by any number, and the new value."""


def changed(body: Any, changes: Iterable[tuple[int, Any]]) -> Any:
    """Return a body after all changes; later ones find the places that earlier ones made."""
    for number, value in changes:
        places = _places(body)
        body = _with(body, places[number % len(places)], value)
    return body


def _places(body: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    parts: Any = {}
    if isinstance(body, dict):
        parts = body.items()
    elif isinstance(body, list):
        parts = enumerate(body)
    return [at, *(one for key, value in parts for one in _places(value, (*at, key)))]


def _with(body: Any, at: tuple[Any, ...], value: Any) -> Any:
    if not at:
        return value
    copy = dict(body) if isinstance(body, dict) else list(body)
    copy[at[0]] = _with(body[at[0]], at[1:], value)
    return copy
