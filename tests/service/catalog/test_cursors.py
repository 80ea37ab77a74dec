"""Cursors of the log of changes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.catalog.cursors import WHOLE, CursorCodec, Mark, mark_after
from service.domain.errors import InvalidRequest, Reason

CODEC = CursorCodec(b"k" * 32)
MARKS = st.tuples(
    st.integers(0, 2**63), st.integers(0, 2**32 - 1), st.integers(0, 255) | st.just(WHOLE)
)


@given(MARKS)
def test_a_cursor_is_read_back(mark: Mark) -> None:
    assert CODEC.mark(CODEC.text(mark)) == mark


@given(MARKS, st.integers(0, 31), st.characters(codec="ascii"))
def test_a_cursor_with_any_other_character_is_refused(mark: Mark, at: int, other: str) -> None:
    text = CODEC.text(mark)
    changed = text[:at] + other + text[at + 1 :]
    if changed != text:
        with pytest.raises(InvalidRequest) as refused:
            CODEC.mark(changed)
        assert refused.value.reason is Reason.BAD_CURSOR


@given(st.text(max_size=80))
def test_any_text_is_refused_and_nothing_else_happens(text: str) -> None:
    with pytest.raises(InvalidRequest):
        CODEC.mark(text)


def test_a_cursor_of_another_store_is_refused() -> None:
    with pytest.raises(InvalidRequest) as refused:
        CODEC.mark(CursorCodec(b"x" * 32).text((1, 2, 3)))
    assert refused.value.violations[0].field == "cursor"


def test_the_place_after_an_entry_is_behind_every_change_of_it_and_before_the_next() -> None:
    assert (5, 1, 255) < mark_after((5, 1)) < (5, 2, 1)
