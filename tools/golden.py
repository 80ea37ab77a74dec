"""Writes the golden file of a provider: what its hand-written pages give, offers and rejects.

    make golden P=lambda

Read the difference as a reviewer will: it is a price list. Without a provider, all are written.
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from scrapers.errors import CollectError, NotRecorded
from scrapers.fetcher import Fetcher
from scrapers.normalize import Normalizer
from scrapers.provider import Provider, Reject
from scrapers.reading import Reader, Tally
from scrapers.registry import load_providers
from scrapers.replay import ReplayFetcher
from scrapers.ticket import Ticket
from service.domain.gpu import GpuRegistry
from service.domain.offer import ExchangeRate, Offer
from service.facts.tables import load_gpu_registry

TESTS = Path(__file__).parents[1] / "tests" / "providers"
PAGES = TESTS / "pages"
GOLDENS = TESTS / "golden"
# A rate of its own, so that new rates of the day change no golden file.
RATES = {
    "EUR": ExchangeRate(
        currency_code="EUR", rate=Decimal("1.10"), source="golden", date="2026-10-08"
    )
}
_SAME_AS_OBSERVED = ("price_change_time", "first_seen_time")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """All that a recording of a provider gives. `errors` holds what its parts failed with."""

    offers: tuple[Offer, ...]
    rejects: tuple[Reject, ...]
    errors: tuple[CollectError, ...]


def read_recording(
    provider: Provider, fetcher: Fetcher, *, rates: Mapping[str, ExchangeRate] = RATES
) -> Reading:
    """Read every part that is recorded, with the dates of the recording."""
    reader = Reader(
        fetcher=fetcher,
        normalizer=Normalizer(registry=_registry(), rates=rates),
        clock=_utc_now,
        replayed=True,
    )
    try:
        read = reader.read(provider, tally=Tally(), ticket=Ticket(), dated=True)
    except CollectError as error:
        return Reading(offers=(), rejects=(), errors=(error,))
    # Not being recorded is no failure of a recording.
    errors = (part.error for part in read.missing if not isinstance(part.error, NotRecorded))
    return Reading(
        offers=read.offers,
        rejects=read.rejects,
        errors=tuple(error for error in errors if error),
    )


def read_pages(provider: Provider) -> Reading:
    """Read a provider's hand-written pages."""
    folder = PAGES / provider.id
    return read_recording(provider, ReplayFetcher.open(folder, now=_utc_now))


def golden_text(reading: Reading) -> str:
    """Print a reading as JSON with one line for each offer and each reject, sorted."""
    offers = [json.dumps(_shown(o)) for o in sorted(reading.offers, key=lambda o: o.offer_id)]
    rejects = [
        json.dumps({"reason": r.reason, "text": r.text}, ensure_ascii=False)
        for r in sorted(reading.rejects, key=lambda r: (r.reason, r.text))
    ]
    return f'{{"offers": [\n{_lines(offers)}\n],\n"rejects": [\n{_lines(rejects)}\n]}}\n'


@cache
def _registry() -> GpuRegistry:
    return load_gpu_registry()


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _lines(texts: list[str]) -> str:
    return ",\n".join(texts)


def _shown(value: Any) -> Any:
    if is_dataclass(value):
        said = {field.name: getattr(value, field.name) for field in fields(value)}
        usual = {field.name: field.default for field in fields(value)}
        names = [name for name in said if name not in _SAME_AS_OBSERVED]
        return {name: _shown(said[name]) for name in names if said[name] != usual[name]}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return f"{value.total_seconds():.0f}s"
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return value if value is None else str(value)


def main(wanted: list[str]) -> int:
    """Write the golden files of the named providers, or of all."""
    providers = load_providers()
    for provider_id in wanted or providers:
        reading = read_pages(providers[provider_id])
        for error in reading.errors:
            print(f"{provider_id}: {error.reason}: {error}", file=sys.stderr)
        (GOLDENS / f"{provider_id}.json").write_text(golden_text(reading), encoding="utf-8")
        print(f"{provider_id}: {len(reading.offers)} offers, {len(reading.rejects)} rejects")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
