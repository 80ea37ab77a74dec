"""Reads the rows of a page one by one, so that an odd one does not lose the others."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from scrapers.errors import PageChanged
from scrapers.provider import Reject

ODD_ROW = "ODD_ROW"
_SHOWN = 200

Row = TypeVar("Row")
Read = TypeVar("Read")


def each_row(
    rows: Iterable[Row], read: Callable[[Row], Iterable[Read | Reject]]
) -> Iterator[Read | Reject]:
    """Give what `read` makes of every row, and a reject for each row that it gives up on.

    Raises the first PageChanged of `read` when it gives up on more rows than it reads: then the
    page changed, not a row of it. Rows that are refused or skipped prove neither.
    """
    found: list[Read | Reject] = []
    given_up: list[PageChanged] = []
    read_count = 0
    for row in rows:
        try:
            items = tuple(read(row))
        except PageChanged as error:
            given_up.append(error)
            items = (Reject(reason=ODD_ROW, text=str(error)[:_SHOWN]),)
        read_count += not all(isinstance(item, Reject) for item in items)
        found += items
    if len(given_up) > read_count:
        raise given_up[0]
    yield from found
