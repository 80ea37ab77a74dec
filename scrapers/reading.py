"""Reads everything that a provider offers now: all parts, every row normalised, nothing judged."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from scrapers.errors import CollectError, NothingFound, NotRecorded
from scrapers.fetcher import Fetcher
from scrapers.normalize import Normalizer
from scrapers.page import Page
from scrapers.parsing import InProcess, Parsing
from scrapers.parts import PartReading, read_part, without_repeats
from scrapers.pricing import RejectReason
from scrapers.provider import Provider, RawOffer, Reject
from scrapers.rows import ODD_ROW
from scrapers.structure import digest_of, marks_of
from scrapers.ticket import Ticket
from service.domain.offer import Offer

# Reasons of the normaliser that say what a row is, not that the page could not be read.
_LEFT_OUT = frozenset(
    {
        RejectReason.UNKNOWN_GPU,
        RejectReason.AMBIGUOUS_GPU,
        RejectReason.FRACTIONAL_GPU,
        RejectReason.NO_PRICE,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """How far a run is, for people who wait."""

    provider: str
    parts_done: int
    part_count: int
    page_count: int
    byte_count: int


OnStep = Callable[[Step], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a run read before it is judged: offers, refused rows, and what is missing.

    `rows` are the offers as printed, by offer id. `page_digest` tells how the pages are built; it
    is "" when a part is missing, as it cannot be compared then.

    `unread_count` counts the rows that should have been offers but could not be read; the other
    rejects were left out for what they are.
    """

    offers: tuple[Offer, ...]
    rejects: tuple[Reject, ...]
    unread_count: int
    complete_parts: frozenset[str]
    missing: tuple[PartReading, ...]
    rows: Mapping[str, RawOffer] = field(default_factory=dict[str, RawOffer])
    page_digest: str = ""

    @property
    def missing_parts(self) -> tuple[str, ...]:
        """The names of the parts that were not read whole."""
        return tuple(reading.part for reading in self.missing)


@dataclass(slots=True, kw_only=True)
class Tally:
    """What is known of a run however it ends."""

    rejects: list[Reject] = field(default_factory=list)
    byte_count: int = 0
    page_count: int = 0
    missing_parts: tuple[str, ...] = ()
    page_marks: set[str] = field(default_factory=set)


class Reader:
    """Asks for the pages of one provider at a time; safe to use from several threads.

    `keys` are the variables that are set: what needs another one is not asked for, and is not
    missing. None means that no key is needed.
    """

    def __init__(
        self,
        *,
        fetcher: Fetcher,
        normalizer: Normalizer,
        clock: Callable[[], datetime],
        replayed: bool,
        keys: Collection[str] | None = None,
        parsing: Parsing | None = None,
    ) -> None:
        self._keys = keys
        self._parsing = parsing or InProcess()
        self._fetcher = fetcher
        self._normalizer = normalizer
        self._clock = clock
        self._replayed = replayed

    def has_recording(self, provider: Provider) -> bool:
        """Whether any request of a provider can be answered; always so for live fetching."""
        return any(
            self._fetcher.records(request)
            for part in provider.all_parts(keys=self._keys)
            for request in part.requests.values()
        )

    def read(
        self,
        provider: Provider,
        *,
        tally: Tally,
        ticket: Ticket,
        on_step: OnStep | None = None,
        dated: bool = False,
    ) -> Reading:
        """Read all parts and normalise their rows; `tally` counts along, however this ends.

        Offers are observed now, or on the date of their page when `dated`. Raises the first
        CollectError when no part gave anything, Abandoned when the ticket was, and whatever else
        a parser raises, which is a bug.
        """
        readings = self._read_parts(provider, tally=tally, ticket=ticket, on_step=on_step)
        reading = self._normalised(provider, readings, dated=dated)
        if not reading.missing:
            reading = replace(reading, page_digest=digest_of(tally.page_marks))
        tally.rejects += reading.rejects
        return reading

    def _read_parts(
        self, provider: Provider, *, tally: Tally, ticket: Ticket, on_step: OnStep | None
    ) -> tuple[PartReading, ...]:
        """Read every part. Raises the first error when no part gave a page."""
        parts = provider.all_parts(keys=self._keys)
        readings: list[PartReading] = []

        def tell() -> None:
            if on_step:
                on_step(
                    Step(
                        provider=provider.id,
                        parts_done=len(readings),
                        part_count=len(parts),
                        page_count=tally.page_count,
                        byte_count=tally.byte_count,
                    )
                )

        def on_page(page: Page) -> None:
            ticket.check()
            tally.page_count += 1
            tally.byte_count += page.byte_count
            tally.page_marks |= marks_of(page)
            tell()

        for part in parts:
            ticket.check()
            readings.append(
                read_part(
                    provider,
                    part,
                    fetcher=self._fetcher,
                    parsing=self._parsing,
                    on_page=on_page,
                )
            )
            tell()
        failed = [reading.error for reading in readings if reading.error]
        tally.missing_parts = tuple(reading.part for reading in readings if reading.error)
        if len(failed) == len(readings) and not any(reading.rows for reading in readings):
            raise first_cause(failed)
        return tuple(readings)

    def _normalised(
        self, provider: Provider, readings: Sequence[PartReading], *, dated: bool
    ) -> Reading:
        rows, repeats = without_repeats(row for reading in readings for row in reading.rows)
        offers: list[Offer] = []
        printed: dict[str, RawOffer] = {}
        rejects = [reject for reading in readings for reject in reading.rejects]
        # What a parser saw contradict itself was not read either.
        unread_count = sum(
            reject.reason.endswith("_CONFLICT") or reject.reason == ODD_ROW for reject in rejects
        )
        rejects += repeats
        unread_count += len(repeats)
        seen_at = self._clock()
        for row in rows:
            item = self._normalizer.offer(
                row.raw,
                provider=provider,
                page=row.page,
                now=row.page.observe_time if dated else seen_at,
                replayed=self._replayed and not dated,
            )
            if isinstance(item, Reject):
                rejects.append(item)
                unread_count += item.reason not in _LEFT_OUT
            else:
                offers.append(item)
                printed.setdefault(item.offer_id, row.raw)
        return Reading(
            offers=tuple(offers),
            rejects=tuple(rejects),
            unread_count=unread_count,
            complete_parts=frozenset(r.part for r in readings if r.error is None),
            missing=tuple(r for r in readings if r.error),
            rows=printed,
        )


def first_cause(errors: Sequence[CollectError]) -> CollectError:
    """Return the first error that explains; "never recorded" explains least."""
    return next((e for e in errors if not isinstance(e, NotRecorded)), None) or (
        errors[0] if errors else NothingFound("the provider has no parts")
    )
