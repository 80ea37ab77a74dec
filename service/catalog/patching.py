"""Columns of which most rows are taken over from before; as if they were made anew."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.catalog.columns import NOT_STATED, Column, Rows, aligned

_Values = NDArray[Any]


def patched_columns(
    held: Mapping[str, Column], fresh: Mapping[str, Column], origin: Rows
) -> Mapping[str, Column]:
    """Return columns of which some rows are taken over.

    `origin` says which row of `held` stands at each place; the others, below 0, are those of
    `fresh` in their order. A column whose values all stay is returned as it is.
    """
    is_held = origin >= 0
    places = np.flatnonzero(~is_held)
    count = next((len(one.values) for one in held.values()), 0)
    stay = np.array_equal(origin[is_held], np.flatnonzero(is_held))
    is_in_place = stay and count == len(origin)
    return MappingProxyType(
        {
            name: _patched(column, fresh[name], origin, places, is_in_place=is_in_place)
            for name, column in held.items()
        }
    )


def same_or(held: Column | None, made: Column) -> Column:
    """Return the column that was held where `made` is equal to it: what rests on it stays."""
    if (
        held is None
        or (held.missing, held.words) != (made.missing, made.words)
        or not np.array_equal(held.values, made.values)
    ):
        return made
    return held


def _patched(
    held: Column, fresh: Column, origin: Rows, places: Rows, *, is_in_place: bool
) -> Column:
    held_values, fresh_values, words = _with_common_words(held, fresh)
    if is_in_place and np.array_equal(held.values[places], fresh_values) and words is held.words:
        return held
    values = held_values[origin]
    values[places] = fresh_values
    if words is None:
        missing = held.missing if fresh.missing is None else fresh.missing
        if missing == NOT_STATED and not (values == NOT_STATED).any():
            missing = None
        made = Column(values=values, missing=missing)
    else:
        made = _without_unused_words(values, words)
    if values.size and (made.values == made.values[0]).all():
        return replace(made, values=np.broadcast_to(made.values[0], values.shape))
    return made


def _with_common_words(
    held: Column, fresh: Column
) -> tuple[_Values, _Values, Sequence[str] | None]:
    """Return the values of both, and what those of text point into."""
    if held.words is None or fresh.words is None:
        return held.values, fresh.values, None
    codes = [bisect_left(held.words, word) for word in fresh.words]
    if all(
        at < len(held.words) and held.words[at] == word
        for at, word in zip(codes, fresh.words, strict=True)
    ):
        return held.values, np.array(codes, dtype=np.int32)[fresh.values], held.words
    (held_values, fresh_values), words = aligned((held, fresh))
    return held_values, fresh_values, words


def _without_unused_words(values: _Values, words: Sequence[str]) -> Column:
    is_used = np.bincount(values, minlength=len(words)) > 0
    if not is_used.all():
        values = (np.cumsum(is_used, dtype=np.int32) - np.int32(1))[values]
        words = tuple(words[at] for at in np.flatnonzero(is_used).tolist())
    return Column(values=values, missing=0 if words and not words[0] else None, words=words)
