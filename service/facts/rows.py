"""Reads tables row by row; whatever is wrong is raised with the file, the line and the column."""

import csv
import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from service.domain.money import decimal_from_text

_WHOLE = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)

T = TypeVar("T")


class BadFacts(ValueError):
    """A row of a table cannot be right; the message names file, line and column."""


class Row:
    """One line of a table; every reading raises BadFacts with its place."""

    def __init__(self, cells: Mapping[str, str], place: str) -> None:
        self._cells = cells
        self._place = place

    def bad(self, column: str, what: str) -> BadFacts:
        """Return the error that says what is wrong with a column of this line."""
        return BadFacts(f"{self._place}: {column} {what}")

    def read(self, column: str, parse: Callable[[str], T]) -> T:
        """Return a cell that must be there."""
        value = self.find(column, parse)
        if value is None:
            raise self.bad(column, "is empty")
        return value

    def find(self, column: str, parse: Callable[[str], T]) -> T | None:
        """Return a cell, None where it is empty."""
        text = self._cells[column].strip()
        if not text:
            return None
        try:
            return parse(text)
        except ValueError as error:
            raise self.bad(column, f"is {text!r}: {error}") from error


def rows_of(path: Path) -> Iterator[Row]:
    """Yield the rows of a table. Raises BadFacts for one that is longer or shorter."""
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file, strict=True)
        for cells in reader:
            place = f"{path.name} line {reader.line_num}"
            if None in cells or None in cells.values():
                raise BadFacts(f"{place}: has another number of cells than the heading")
            yield Row(cells, place)


def parts(text: str) -> tuple[str, ...]:
    """Read a list whose entries are separated by "|"."""
    found = tuple(part.strip() for part in text.split("|"))
    if "" in found:
        raise ValueError("an entry of the list is empty")
    return found


def above_zero(text: str) -> Decimal:
    """Read a decimal number above zero."""
    number = decimal_from_text(text)
    if number <= 0:
        raise ValueError("must be above zero")
    return number


def whole(text: str) -> int:
    """Read a whole number above zero."""
    if not _WHOLE.fullmatch(text):
        raise ValueError("is no whole number above zero")
    return int(text)
