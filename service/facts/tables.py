"""Reads the tables of this folder into domain values, checking every row.

A broken table is a fault of the build, so the loaders raise with the file and the line.
"""

import csv
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from service.domain.exchange import dollars_for_one
from service.domain.gpu import GpuModel, GpuRegistry
from service.domain.money import decimal_from_text
from service.domain.offer import ExchangeRate

_FOLDER = Path(__file__).parent
_USD = "USD"
_CURRENCY_CODE = re.compile(r"[A-Z]{3}", re.ASCII)
_WHOLE = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
_MODEL_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*", re.ASCII)

T = TypeVar("T")


class BadFacts(ValueError):
    """A row of a table cannot be right; the message names file, line and column."""


@cache
def load_gpu_registry(path: Path = _FOLDER / "accelerators.csv") -> GpuRegistry:
    """Read the GPU models, once in a process: the registry never changes.

    Raises BadFacts for a row without id, family, name, vendor, form, year, memory, link or
    source, for figures that are not above zero, and for an id that occurs twice.
    """
    models = [_gpu_model(row) for row in _rows(path)]
    try:
        return GpuRegistry(models)
    except ValueError as error:
        raise BadFacts(f"{path.name}: {error}") from error


def load_exchange_rates(
    path: Path = _FOLDER / "exchange_rates.csv",
) -> Mapping[str, ExchangeRate]:
    """Read US dollars for one unit of every other currency in the table, by currency code.

    The table holds units for one euro as published; the dollar rate is the quotient to 10 digits.
    Raises BadFacts, also when the dates of the rows differ.
    """
    rows = {row.read("currency_code", _currency_code): row for row in _rows(path)}
    if _USD not in rows:
        raise BadFacts(f"{path.name}: no row for {_USD}")
    dollars = rows.pop(_USD)
    dollars_per_euro = dollars.read("units_per_eur", _above_zero)
    day = dollars.read("date", _iso_date)
    rates: dict[str, ExchangeRate] = {}
    for code, row in rows.items():
        if row.read("date", _iso_date) != day:
            raise row.bad("date", f"differs from the date of {_USD}")
        units_per_euro = row.read("units_per_eur", _above_zero)
        rates[code] = ExchangeRate(
            currency_code=code,
            rate=dollars_for_one(units_per_euro=units_per_euro, dollars_per_euro=dollars_per_euro),
            source=row.read("source", str),
            date=day,
        )
    return MappingProxyType(rates)


class _Row:
    """One line of a table; every reading raises BadFacts with its place."""

    def __init__(self, cells: Mapping[str, str], place: str) -> None:
        self._cells = cells
        self._place = place

    def bad(self, column: str, what: str) -> BadFacts:
        return BadFacts(f"{self._place}: {column} {what}")

    def read(self, column: str, parse: Callable[[str], T]) -> T:
        value = self.find(column, parse)
        if value is None:
            raise self.bad(column, "is empty")
        return value

    def find(self, column: str, parse: Callable[[str], T]) -> T | None:
        text = self._cells[column].strip()
        if not text:
            return None
        try:
            return parse(text)
        except ValueError as error:
            raise self.bad(column, f"is {text!r}: {error}") from error


def _rows(path: Path) -> Iterator[_Row]:
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file, strict=True)
        for cells in reader:
            place = f"{path.name} line {reader.line_num}"
            if None in cells or None in cells.values():
                raise BadFacts(f"{place}: has another number of cells than the heading")
            yield _Row(cells, place)


def _gpu_model(row: _Row) -> GpuModel:
    return GpuModel(
        gpu_model_id=row.read("id", _model_id),
        display_name=row.read("name", str),
        vendor=row.read("vendor", str),
        family=row.read("family", str),
        form_factor=row.read("form", str),
        announce_year=row.read("year", _whole),
        vram_gb=row.read("vram_gb", _whole),
        interconnect=row.read("link", str),
        power_watts=row.find("tdp_w", _whole),
        memory_bandwidth_gb_per_second=row.find("mem_bw_gbs", _above_zero),
        bf16_dense_tflops=row.find("bf16_dense", _above_zero),
        aliases=row.find("aliases", _parts) or (),
        source=row.read("source", str),
        identifiers=row.find("identifiers", _parts) or (),
        other_vram_gb=tuple(map(_above_zero, row.find("other_vram_gb", _parts) or ())),
        device_count=row.read("device_count", _whole),
    )


def _parts(text: str) -> tuple[str, ...]:
    parts = tuple(part.strip() for part in text.split("|"))
    if "" in parts:
        raise ValueError("an entry of the list is empty")
    return parts


def _above_zero(text: str) -> Decimal:
    number = decimal_from_text(text)
    if number <= 0:
        raise ValueError("must be above zero")
    return number


def _whole(text: str) -> int:
    if not _WHOLE.fullmatch(text):
        raise ValueError("is no whole number above zero")
    return int(text)


def _iso_date(text: str) -> str:
    if date.fromisoformat(text).isoformat() != text:
        raise ValueError("is not written as YYYY-MM-DD")
    return text


def _currency_code(text: str) -> str:
    if not _CURRENCY_CODE.fullmatch(text):
        raise ValueError("is no ISO 4217 code")
    return text


def _model_id(text: str) -> str:
    if not _MODEL_ID.fullmatch(text):
        raise ValueError("is no id of small letters, digits and hyphens")
    return text
