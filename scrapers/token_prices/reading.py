"""Turns printed token prices into entries, or into a reject that says why not."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal

from scrapers.page import Page
from scrapers.provider import Reject
from scrapers.token_prices.source import RawTokenPrice, TokenSource
from service.domain.model_price import PRICE_FIELDS, ModelPrice

PER_MILLION = 1_000_000
MAX_CONTEXT = 100_000_000
MAX_NAME = 200

# JSON writes small numbers with an exponent; nothing else of `float()`'s grammar is a price.
_NUMBER = re.compile(
    r"(?P<digits>[0-9]{1,6}(?:\.[0-9]{1,20})?)(?:[eE]-(?P<down>[0-9]{1,2}))?", re.ASCII
)
_WHOLE = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_NAME = re.compile(r"[\w@][\w .:/@+()~,#*|-]*")


class Unreadable(ValueError):
    """A text of an entry is not what it should be."""


def read_entries(
    source: TokenSource, page: Page, *, now: datetime
) -> tuple[tuple[ModelPrice, ...], tuple[Reject, ...]]:
    """Read all entries of a page. Raises PageChanged.

    Repeated entries that contradict each other are all refused.
    """
    entries: dict[tuple[str, str, int], list[ModelPrice]] = {}
    rejects: list[Reject] = []
    for raw in source.parse(page):
        if isinstance(raw, Reject):
            rejects.append(raw)
            continue
        try:
            entry = _entry(raw, source=source, page=page, now=now)
        except Unreadable as error:
            rejects.append(Reject(reason="BAD_PRICE", text=f"{raw.provider} {raw.model}: {error}"))
            continue
        entries.setdefault(entry.key, []).append(entry)
    kept: list[ModelPrice] = []
    for (provider, model, _), same in entries.items():
        if all(entry == same[0] for entry in same):
            kept.append(same[0])
        else:
            rejects += [Reject(reason="DUPLICATE", text=f"{provider} {model}")] * len(same)
    return tuple(kept), tuple(rejects)


def _entry(raw: RawTokenPrice, *, source: TokenSource, page: Page, now: datetime) -> ModelPrice:
    prices = {name: _per_million(raw.prices.get(name, "")) for name in PRICE_FIELDS}
    if prices["input"] is None and prices["output"] is None:
        raise Unreadable("neither input nor output has a price")
    _check_discounts(prices)
    return ModelPrice(
        provider=_name(raw.provider),
        model=_name(raw.model),
        source=source.provider.id,
        source_uri=page.url,
        observe_time=now,
        effective_from=now,
        effective_until=_end(raw.ends),
        context_max=_context(raw.context_max),
        input=prices["input"],
        cached_input=prices["cached_input"],
        cache_write=prices["cache_write"],
        output=prices["output"],
        batch_input=prices["batch_input"],
        batch_output=prices["batch_output"],
    )


def _check_discounts(prices: Mapping[str, Decimal | None]) -> None:
    """Refuse a discount that is dearer than what it discounts: two columns were mixed up."""
    for name, whole in (
        ("cached_input", "input"),
        ("batch_input", "input"),
        ("batch_output", "output"),
    ):
        reduced, full = prices[name], prices[whole]
        if reduced is not None and full is not None and reduced > full:
            raise Unreadable(f"{name} {reduced} is dearer than {whole} {full}")


def _per_million(text: str) -> Decimal | None:
    """Read dollars for one token; zero and nothing are no price."""
    if not text:
        return None
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise Unreadable(f"{text[:40]!r} is not a price for a token")
    amount = Decimal(match["digits"]).scaleb(-int(match["down"] or 0)) * PER_MILLION
    return Decimal(f"{amount.normalize():f}") if amount else None


def _context(text: str) -> int | None:
    if not text:
        return None
    if not _WHOLE.fullmatch(text) or int(text) > MAX_CONTEXT:
        raise Unreadable(f"{text[:40]!r} is not a length of a prompt")
    return int(text)


def _end(text: str) -> datetime | None:
    if not _DATE.fullmatch(text):
        return None
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC)
    except ValueError:
        return None


def _name(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).strip()
    if len(plain) > MAX_NAME or not _NAME.fullmatch(plain):
        raise Unreadable(f"{text[:40]!r} is no name")
    return plain
