"""Whether a list of token prices is believed, entry by entry and as a whole.

Prices of hosted models fall by halves, but rarely by more than 3 at once; a list whose every price
moved by one factor was misread. A price that moved further, or is far outside of what any model
costs, waits until it was seen in three runs over six hours.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from scrapers.price_jump import CONFIRMED_AFTER, CONFIRMED_AFTER_RUNS
from scrapers.provider import Reject
from service.domain.model_price import (
    PRICE_FIELDS,
    ModelPrice,
    ModelPriceBook,
    ModelPriceKey,
    PendingModelPrice,
)

LOWEST_PER_MILLION = Decimal("0.0005")
HIGHEST_PER_MILLION = Decimal(1000)
"""Of the entries of the public lists (2026-10), the dearest tokens cost 600 dollars a million."""
JUMP = Decimal(3)
GONE_SHARE = 0.3
COMMON_SHARE = 0.6
COMMON_LEAST = 5
RETIRED_KEPT_FOR = timedelta(days=400)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenVerdict:
    """What becomes of a list; `held` says why it is not believed as a whole, "" if it is."""

    book: ModelPriceBook
    accepted_count: int
    rejects: tuple[Reject, ...]
    held: str


def judge_tokens(
    seen: Iterable[ModelPrice], *, before: ModelPriceBook | None, source: str, now: datetime
) -> TokenVerdict:
    """Judge the entries of a run against the book of the runs before."""
    entries = {entry.key: entry for entry in seen}
    known = {e.key: e for e in before.prices if not e.retired} if before else {}
    waiting = {p.price.key: p for p in before.pending} if before else {}
    held = _held(entries, known)
    if held and before:
        return TokenVerdict(book=before, accepted_count=0, rejects=(), held=held)
    prices: list[ModelPrice] = []
    pending: list[PendingModelPrice] = []
    rejects: list[Reject] = []
    for key, entry in entries.items():
        last = known.get(key)
        if beyond := _out_of_bounds(entry):
            rejects.append(Reject(reason="PRICE_OUT_OF_BOUNDS", text=f"{_named(entry)}: {beyond}"))
            prices += [last] if last else []
            continue
        jump = _jump(entry, last) if last else ""
        if last and jump:
            waits = _waiting(entry, waiting.get(key), now=now)
            if not _is_confirmed(waits, now=now):
                pending.append(waits)
                rejects.append(Reject(reason="PRICE_JUMP", text=f"{_named(entry)}: {jump}"))
                prices.append(last)
                continue
        prices += _followed(entry, last, now=now)
    accepted_count = len(entries) - len(rejects)
    gone = [
        replace(known[key], retired=True, effective_until=now) for key in known.keys() - entries
    ]
    ended = [e for e in before.prices if e.retired] if before else []
    prices += [e for e in gone + ended if _is_kept(e, now=now)]
    book = ModelPriceBook(
        source=source,
        publish_time=now,
        prices=tuple(sorted(prices, key=_order)),
        pending=tuple(sorted(pending, key=lambda p: _order(p.price))),
    )
    return TokenVerdict(book=book, accepted_count=accepted_count, rejects=tuple(rejects), held="")


def _followed(entry: ModelPrice, last: ModelPrice | None, *, now: datetime) -> Iterator[ModelPrice]:
    """Give the entry, dated since when its prices hold, and the one that it ends."""
    if last is None:
        yield entry
    elif last.amounts == entry.amounts:
        yield replace(entry, effective_from=last.effective_from)
    else:
        yield replace(last, retired=True, effective_until=now)
        yield entry


def _held(
    entries: Mapping[ModelPriceKey, ModelPrice], known: Mapping[ModelPriceKey, ModelPrice]
) -> str:
    """Say why the whole list is not believed: much of it gone, or all of it times one factor."""
    gone = len(known.keys() - entries)
    if known and gone > GONE_SHARE * len(known) and gone > 1:
        return f"R7: {gone} of {len(known)} entries are gone"
    matched = [(entries[key], last) for key, last in known.items() if key in entries]
    factors = Counter(
        round(now / was, 2)
        for entry, last in matched
        for now, was in zip(entry.amounts, last.amounts, strict=True)
        if now and was and now != was
    )
    for factor, count in factors.most_common(1):
        stated = sum(amount is not None for _, last in matched for amount in last.amounts)
        if count >= COMMON_LEAST and count >= COMMON_SHARE * stated:
            return f"R6: {count} of {stated} prices are {factor} times what they were"
    return ""


def _out_of_bounds(entry: ModelPrice) -> str:
    for name, amount in zip(PRICE_FIELDS, entry.amounts, strict=True):
        if amount is not None and not LOWEST_PER_MILLION <= amount <= HIGHEST_PER_MILLION:
            return f"{name} {amount} USD per million tokens"
    return ""


def _jump(entry: ModelPrice, last: ModelPrice) -> str:
    for name, now, was in zip(PRICE_FIELDS, entry.amounts, last.amounts, strict=True):
        if now and was and not was <= now * JUMP <= was * JUMP * JUMP:
            return f"{name} {now} after {was}"
    return ""


def _waiting(
    entry: ModelPrice, before: PendingModelPrice | None, *, now: datetime
) -> PendingModelPrice:
    if before is None or before.price.amounts != entry.amounts:
        return PendingModelPrice(price=entry, first_seen_time=now)
    return replace(before, run_count=before.run_count + 1)


def _is_confirmed(waits: PendingModelPrice, *, now: datetime) -> bool:
    return (
        waits.run_count >= CONFIRMED_AFTER_RUNS and now - waits.first_seen_time >= CONFIRMED_AFTER
    )


def _is_kept(entry: ModelPrice, *, now: datetime) -> bool:
    return entry.effective_until is None or now - entry.effective_until <= RETIRED_KEPT_FOR


def _order(entry: ModelPrice) -> tuple[str, str, int, str]:
    began = entry.effective_from.isoformat() if entry.effective_from else ""
    return (*entry.key, began)


def _named(entry: ModelPrice) -> str:
    return f"{entry.provider} {entry.model}"
