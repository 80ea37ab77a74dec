"""The bundled baseline: dated prices for a machine that has not collected anything yet.

`baseline.jsonl` is written by `python -m scrapers baseline --replay DIR` from recorded pages, in
our own format: a header, then one offer a line, ordered by id. Offers keep the dates on which
their pages were recorded, so an answer that uses them says how old it is. The file holds no rows
of opt-in providers.
"""

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec

from service.domain.offer import Offer, Standing
from service.domain.provider import ProviderSnapshot, ProviderState, ProviderStatus

BASELINE_PATH = Path(__file__).with_name("baseline.jsonl")
FORMAT = 1


class BadBaseline(ValueError):
    """The baseline file is damaged; the message names the line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineProvider:
    """A provider's facts as they stand in the header; `opt_in` ones have no offers in the file."""

    provider: str
    title: str
    home: str
    interval: timedelta
    opt_in: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineSource:
    """A page that offers were read from, and when it was recorded."""

    provider: str
    uri: str
    observe_time: datetime
    offer_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Header:
    format: int
    date: datetime
    providers: tuple[BaselineProvider, ...]
    sources: tuple[BaselineSource, ...]


def load_baseline(path: Path = BASELINE_PATH) -> tuple[ProviderSnapshot, ...]:
    """Read the bundled offers, one snapshot a provider, ordered by provider.

    Every offer has the standing BASELINE. Equal files give equal snapshot ids. Raises BadBaseline.
    """
    header, offers = _read(path)
    intervals = {facts.provider: facts.interval for facts in header.providers}
    return tuple(
        _snapshot(provider, tuple(group), interval=intervals[provider])
        for provider, group in groupby(offers, key=lambda offer: offer.provider)
    )


def load_baseline_statuses(path: Path = BASELINE_PATH) -> tuple[ProviderStatus, ...]:
    """Return the providers that the file knows, as if no collector had ever run.

    PENDING, or DISABLED for opt-in ones. Raises BadBaseline.
    """
    header, _ = _read(path)
    return tuple(
        ProviderStatus(
            provider=facts.provider,
            title=facts.title,
            home=facts.home,
            state=ProviderState.DISABLED if facts.opt_in else ProviderState.PENDING,
            interval=facts.interval,
            opt_in=facts.opt_in,
        )
        for facts in header.providers
    )


def write_baseline(
    path: Path, offers: Iterable[Offer], *, providers: Sequence[BaselineProvider]
) -> None:
    """Write the file anew; equal arguments give equal bytes.

    Raises ValueError for an offer of an opt-in or unknown provider, for one read from no page of
    its own, and for none at all.
    """
    ordered = sorted(offers, key=lambda offer: (offer.provider, offer.offer_id))
    if not ordered:
        raise ValueError("a baseline without offers would say nothing")
    allowed = {facts.provider for facts in providers if not facts.opt_in}
    for offer in ordered:
        if offer.provider not in allowed:
            raise ValueError(f"{offer.offer_id}: {offer.provider} may not be in the baseline")
        if offer.standing is not Standing.BASELINE or offer.replayed or not offer.is_listed:
            raise ValueError(f"{offer.offer_id}: not a baseline offer")
    header = _Header(
        format=FORMAT,
        date=max(offer.observe_time for offer in ordered),
        providers=tuple(sorted(providers, key=lambda facts: facts.provider)),
        sources=_sources(ordered),
    )
    lines = [msgspec.json.encode(_stated(value)) for value in (header, *ordered)]
    beside = path.with_name(f".{path.name}.new")
    beside.write_bytes(b"\n".join(lines) + b"\n")
    os.replace(beside, path)  # noqa: PTH105 - atomic, and the target may exist


def _read(path: Path) -> tuple[_Header, tuple[Offer, ...]]:
    lines = path.read_bytes().splitlines()
    if not lines:
        raise BadBaseline(f"{path.name} is empty")
    number = 1
    try:
        header = msgspec.json.decode(lines[0], type=_Header)
        decoder = msgspec.json.Decoder(Offer)
        offers: list[Offer] = []
        for number, line in enumerate(lines[1:], start=2):  # noqa: B007 - named in the error
            offers.append(decoder.decode(line))
    except (msgspec.MsgspecError, ValueError) as error:
        raise BadBaseline(f"{path.name} line {number}: {error}") from error
    if header.format != FORMAT:
        raise BadBaseline(f"{path.name} has format {header.format}, not {FORMAT}")
    return header, tuple(offers)


def _snapshot(provider: str, offers: tuple[Offer, ...], *, interval: timedelta) -> ProviderSnapshot:
    digest = hashlib.sha256(msgspec.json.encode(offers)).hexdigest()[:16]
    return ProviderSnapshot(
        provider=provider,
        snapshot_id=f"baseline-{digest}",
        content_revision=f"baseline-{digest}",
        publish_time=max(offer.observe_time for offer in offers),
        interval=interval,
        offers=offers,
    )


def _sources(offers: Sequence[Offer]) -> tuple[BaselineSource, ...]:
    pages: dict[tuple[str, str, datetime], int] = {}
    for offer in offers:
        page = (offer.provider, offer.source_uri, offer.observe_time)
        pages[page] = pages.get(page, 0) + 1
    return tuple(
        BaselineSource(provider=provider, uri=uri, observe_time=time, offer_count=count)
        for (provider, uri, time), count in sorted(pages.items())
    )


def _stated(value: Any) -> Mapping[str, object]:
    """Give the fields that differ from their defaults; the others would only be noise."""
    return {
        field.name: getattr(value, field.name)
        for field in fields(value)
        if field.default is MISSING or getattr(value, field.name) != field.default
    }
