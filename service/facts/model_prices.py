"""The bundled token prices: what public lists said until 2026-11, with the source of each row.

`hosted_model_prices.csv` joins several lists. Its dates mean what its sources meant: when a price
began, when the list was read, or a month. Tiers by prompt length stand in the model's name.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from itertools import groupby
from pathlib import Path

from service.domain.model_price import ModelPrice, ModelPriceKey
from service.domain.money import BadMoney, decimal_from_text
from service.facts.rows import BadFacts

BASELINE = "baseline"
CARRIED = datetime(2026, 11, 1, tzinfo=UTC)
"""When the table was put together."""

_PATH = Path(__file__).with_name("hosted_model_prices.csv")
# A price that nobody has confirmed for longer is history.
_CURRENT_FOR = timedelta(days=400)
_DAY = re.compile(r"(?P<year>20[0-9]{2})-(?P<month>[01][0-9])(?:-(?P<day>[0-3][0-9]))?", re.ASCII)
_UNTIL = re.compile(r"until (?P<day>20[0-9]{2}-[01][0-9]-[0-3][0-9])", re.ASCII)
_TIER = re.compile(r"(?P<model>.+?) (?P<side>[≤>])(?P<thousands>[0-9]{1,5})k")
# One provider goes by several names in the lists.
_PROVIDERS = {
    "aws": "bedrock",
    "fireworks": "fireworks_ai",
    "gemini": "google",
    "moonshot-ai": "moonshot",
    "x-ai": "xai",
}
_COLUMNS = {
    "input": "input_usd_per_m",
    "cached_input": "cached_input_usd_per_m",
    "output": "output_usd_per_m",
    "batch_input": "batch_input_usd_per_m",
    "batch_output": "batch_output_usd_per_m",
}


@cache
def load_model_prices(path: Path = _PATH) -> tuple[ModelPrice, ...]:
    """Read the bundled prices, ordered by provider, model and time. Raises BadFacts.

    What a later row of the same model replaces is retired, as is what has not been confirmed for
    400 days before the table was put together.
    """
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file, strict=True)
        read = [
            (_entry(row, place=f"{path.name} line {reader.line_num}"), row["date"])
            for row in reader
        ]
    read.sort(key=_order)
    entries = (entry for entry, _ in read)
    return tuple(
        entry for _, same in groupby(entries, key=lambda e: e.key) for entry in _dated(tuple(same))
    )


def _entry(row: Mapping[str, str], *, place: str) -> ModelPrice:
    try:
        tier = _TIER.fullmatch(row["model"])
        began, read = _moment(row["date"]), _moment(row["source"])
        until = _UNTIL.search(row["note"])
        prices = {name: _amount(row[column]) for name, column in _COLUMNS.items()}
        return ModelPrice(
            provider=_PROVIDERS.get(row["provider"], row["provider"]),
            model=tier["model"] if tier else row["model"].removeprefix(f"{row['provider']}/"),
            source=BASELINE,
            source_uri=row["note"] if row["note"].startswith("https://") else row["source"],
            observe_time=read or began,
            effective_from=began if read and began != read else None,
            effective_until=_moment(until["day"]) if until else None,
            context_max=_context(tier),
            input=prices["input"],
            cached_input=prices["cached_input"],
            output=prices["output"],
            batch_input=prices["batch_input"],
            batch_output=prices["batch_output"],
        )
    except (KeyError, BadMoney, ValueError) as error:
        raise BadFacts(f"{place}: {error}") from error


def _context(tier: re.Match[str] | None) -> int | None:
    """Return where a tier ends; the tier of longer prompts has no end of its own."""
    return int(tier["thousands"]) * 1000 if tier and tier["side"] == "≤" else None


def _amount(text: str) -> Decimal | None:
    """Read dollars per million tokens; zero is no price."""
    amount = decimal_from_text(text) if text else None
    return amount or None


def _moment(text: str) -> datetime | None:
    """Return the first date of a text, the first of the month where it names no day."""
    match = _DAY.search(text)
    if match is None:
        return None
    return datetime(int(match["year"]), int(match["month"]), int(match["day"] or 1), tzinfo=UTC)


def _dated(same: Sequence[ModelPrice]) -> Iterator[ModelPrice]:
    """Give the entries of one model and tier, each ended by the next one."""
    different: list[ModelPrice] = []
    for entry in same:
        if different and _agree(different[-1], entry):
            different[-1] = _confirmed(different[-1], by=entry)
        else:
            different.append(entry)
    for entry, following in zip(different, [*different[1:], None], strict=True):
        until = entry.effective_until or (_beginning(following) if following else None)
        unconfirmed = entry.observe_time is None or CARRIED - entry.observe_time > _CURRENT_FOR
        ended = until is not None and until <= CARRIED
        yield replace(entry, effective_until=until, retired=ended or unconfirmed)


def _agree(entry: ModelPrice, other: ModelPrice) -> bool:
    """Whether two lists say the same where both say something."""
    pairs = zip(entry.amounts, other.amounts, strict=True)
    return all(a == b or a is None or b is None for a, b in pairs)


def _confirmed(entry: ModelPrice, *, by: ModelPrice) -> ModelPrice:
    """Return an entry as one that another list has shown again, with what that one adds."""
    seen = [moment for moment in (entry.observe_time, by.observe_time) if moment]
    return replace(
        entry,
        observe_time=max(seen, default=None),
        cached_input=entry.cached_input or by.cached_input,
        batch_input=entry.batch_input or by.batch_input,
        batch_output=entry.batch_output or by.batch_output,
    )


def _beginning(entry: ModelPrice) -> datetime | None:
    return entry.effective_from or entry.observe_time


def _order(read: tuple[ModelPrice, str]) -> tuple[ModelPriceKey, str]:
    """Order by model, tier and beginning; "launch" and no date at all are before every date."""
    entry, printed = read
    began = _beginning(entry) if _DAY.search(printed) else None
    return entry.key, began.isoformat() if began else ""


def not_superseded(
    baseline: Iterable[ModelPrice], *, live: Iterable[ModelPrice]
) -> Iterator[ModelPrice]:
    """Yield the bundled prices of models that no live source lists at that provider."""
    listed = {(entry.provider, entry.model) for entry in live}
    return (entry for entry in baseline if (entry.provider, entry.model) not in listed)
