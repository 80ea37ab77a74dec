"""Reads the tables of this folder into domain values, checking every row.

A broken table is a fault of the build, so the loaders raise with the file and the line.
"""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from types import MappingProxyType

from service.domain.exchange import dollars_for_one
from service.domain.gpu import GpuModel, GpuRegistry
from service.domain.offer import ExchangeRate
from service.domain.precision import Precision
from service.facts.rows import BadFacts, Row, above_zero, parts, rows_of, whole

_FOLDER = Path(__file__).parent
_USD = "USD"
_CURRENCY_CODE = re.compile(r"[A-Z]{3}", re.ASCII)
# Columns of dense peaks. A format that a chip lacks has no figure.
_PEAKS = (
    (Precision.FP32, "fp32_tflops"),
    (Precision.TF32, "tf32_dense"),
    (Precision.BF16, "bf16_dense"),
    (Precision.FP16, "fp16_dense"),
    (Precision.FP8, "fp8_dense"),
    (Precision.INT8, "int8_dense_tops"),
    (Precision.FP4, "fp4_dense"),
)
# Other scopes join pairs of cards, or a GPU and its CPU.
_NODE_SCOPES = frozenset({"all GPUs of the node or pod", "host bus"})
_MODEL_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*", re.ASCII)


@cache
def load_gpu_registry(path: Path = _FOLDER / "accelerators.csv") -> GpuRegistry:
    """Read the GPU models, once in a process: the registry never changes.

    Raises BadFacts for a row without id, family, name, vendor, form, year, memory, link or
    source, for figures that are not above zero, and for an id that occurs twice.
    """
    models = [_gpu_model(row) for row in rows_of(path)]
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
    rows = {row.read("currency_code", _currency_code): row for row in rows_of(path)}
    if _USD not in rows:
        raise BadFacts(f"{path.name}: no row for {_USD}")
    dollars = rows.pop(_USD)
    dollars_per_euro = dollars.read("units_per_eur", above_zero)
    day = dollars.read("date", _iso_date)
    rates: dict[str, ExchangeRate] = {}
    for code, row in rows.items():
        if row.read("date", _iso_date) != day:
            raise row.bad("date", f"differs from the date of {_USD}")
        units_per_euro = row.read("units_per_eur", above_zero)
        rates[code] = ExchangeRate(
            currency_code=code,
            rate=dollars_for_one(units_per_euro=units_per_euro, dollars_per_euro=dollars_per_euro),
            source=row.read("source", str),
            date=day,
        )
    return MappingProxyType(rates)


def _gpu_model(row: Row) -> GpuModel:
    return GpuModel(
        gpu_model_id=row.read("id", _model_id),
        display_name=row.read("name", str),
        vendor=row.read("vendor", str),
        family=row.read("family", str),
        form_factor=row.read("form", str),
        announce_year=row.read("year", whole),
        vram_gb=row.read("vram_gb", whole),
        interconnect=row.read("link", str),
        power_watts=row.find("tdp_w", whole),
        memory_bandwidth_gb_per_second=row.find("mem_bw_gbs", above_zero),
        dense_peaks=dense_peaks_of(row),
        link_gb_per_second=_node_link(row),
        measured_matmul_share=_matmul_share(row),
        aliases=row.find("aliases", parts) or (),
        source=row.read("source", str),
        identifiers=row.find("identifiers", parts) or (),
        other_vram_gb=tuple(map(above_zero, row.find("other_vram_gb", parts) or ())),
        device_count=row.read("device_count", whole),
    )


def dense_peaks_of(row: Row) -> tuple[tuple[Precision, Decimal], ...]:
    """Return the dense peaks of a row, in tera-operations a second. Raises BadFacts."""
    peaks = ((precision, row.find(column, above_zero)) for precision, column in _PEAKS)
    return tuple((precision, tflops) for precision, tflops in peaks if tflops is not None)


def _node_link(row: Row) -> Decimal | None:
    """Return the way to all other GPUs of a node: vendors print both directions together."""
    both_ways = row.find("link_gbs_per_gpu_bidir", above_zero)
    scope = row.read("link_scope", str)
    return both_ways / 2 if both_ways is not None and scope in _NODE_SCOPES else None


def _matmul_share(row: Row) -> Decimal | None:
    measured = row.find("maf_bf16_measured", above_zero)
    return None if measured is None else round(measured / row.read("bf16_dense", above_zero), 4)


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
