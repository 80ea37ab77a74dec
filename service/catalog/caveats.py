"""The caveats of a page of offers.

What they rest on is worked out with the segments; a page of providers without any costs nothing.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache

from service.catalog.segment import Row
from service.catalog.snapshot import Snapshot
from service.domain.caveat import RATES_LAST, Caveat, CaveatCode


def caveats_of(snapshot: Snapshot, rows: Sequence[Row]) -> tuple[Caveat, ...]:
    """Return what to know of some rows, at most one caveat for each code and currency."""
    doubtful, held_ones = snapshot.doubtful_providers, snapshot.held_providers
    if not doubtful:
        return ()
    held: set[str] = set()
    bundled: set[str] = set()
    seen: list[datetime] = []
    rates: set[tuple[str, str]] = set()
    for row in rows:
        segment = row.segment
        provider = segment.provider
        if provider not in doubtful:
            continue
        if provider in held_ones:
            held.add(provider)
        if segment.is_baseline:
            bundled.add(provider)
            seen.append(row.observe_time)
        if segment.old_rates and (rate := row.old_rate) is not None:
            rates.add((rate.currency_code, rate.date))
    found = [_baseline(frozenset(bundled), min(seen))] if bundled else []
    # The newest first, so that the oldest of each currency stays.
    oldest = dict(sorted(rates, reverse=True))
    found.extend(_old_rate(code, oldest[code]) for code in sorted(oldest))
    return (*found, _held(frozenset(held))) if held else tuple(found)


# Pages after pages have the same few.
@lru_cache(maxsize=256)
def _baseline(providers: frozenset[str], oldest: datetime) -> Caveat:
    return Caveat(
        code=CaveatCode.BASELINE_PRICES,
        message=f"Prices of {_names(providers)} are bundled with the program, "
        f"the oldest of {oldest:%Y-%m-%d}; nothing newer has been collected.",
    )


@lru_cache(maxsize=256)
def _old_rate(code: str, day: str) -> Caveat:
    return Caveat(
        code=CaveatCode.EXCHANGE_RATE_OLD,
        message=f"Prices in {code} are converted at the rate of {day}, "
        f"more than {RATES_LAST.days} days ago.",
    )


@lru_cache(maxsize=256)
def _held(providers: frozenset[str]) -> Caveat:
    return Caveat(
        code=CaveatCode.SNAPSHOT_HELD,
        message=f"The newest prices of {_names(providers)} are held back, since they are hard to "
        "believe; the last good ones are shown.",
    )


def _names(providers: Iterable[str]) -> str:
    return ", ".join(sorted(providers))
