"""One odd row is refused alone; a page of odd rows has changed."""

from collections.abc import Iterator

import pytest

from scrapers.errors import PageChanged
from scrapers.provider import Reject
from scrapers.rows import ODD_ROW, each_row


def read(row: str) -> Iterator[int | Reject]:
    """Read numbers; "-" is refused, "" is skipped."""
    if row == "-":
        yield Reject(reason="NO_PRICE", text=row)
    elif row:
        yield 1  # Nothing of an odd row may get out.
        if not row.isdecimal():
            raise PageChanged(f"{row!r} is no number")
        yield int(row)


def test_an_odd_row_is_refused_alone_and_gives_nothing() -> None:
    assert list(each_row(["7", "seven", "8"], read)) == [
        1,
        7,
        Reject(reason=ODD_ROW, text="'seven' is no number"),
        1,
        8,
    ]


def test_more_odd_rows_than_read_ones_are_a_page_that_changed() -> None:
    with pytest.raises(PageChanged, match="'six'"):
        list(each_row(["6", "six", "seven"], read))


@pytest.mark.parametrize("other", ["-", ""])
def test_refused_and_skipped_rows_do_not_speak_for_the_page(other: str) -> None:
    with pytest.raises(PageChanged):
        list(each_row([other, other, "six"], read))


def test_a_page_without_rows_gives_nothing() -> None:
    assert list(each_row([], read)) == []
