"""The gate: whether a run is believed, row by row and as a whole. Pure.

A feed of prices that is silently wrong is worse than one that is late. A row that is not believed
leaves the last good one in its place, marked UNCONFIRMED and with its own age; a suspect price is
never clamped, averaged or published.

    rule  on a run's rows                                             what it costs       where
    R0    the price is finite and above zero                          the row             row_rules
    R1    it lies within the bounds of its GPU's class                the row             row_rules
    R5    count, price, memory and the registry agree                 the row             row_rules
    R2    it did not jump against the last accepted price             the row, for now    price_jump
    R7    not too many offers of a model vanished at once             the removals        vanished
    R8    at most a quarter of the rows failed                        the whole run       here

R3 and R4 (the level of the market), R6 (one common factor), R9, R10 and R11 are still to come: a
rule on rows goes into `ROW_RULES`, one on the whole run into `RUN_RULES`.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from scrapers.price_jump import Comparison
from scrapers.provider import Reject
from scrapers.row_rules import Row, first_complaint
from scrapers.vanished import delisted_offers, doubted, offers_not_seen
from service.domain.gpu import GpuRegistry
from service.domain.offer import Offer, Standing

DUPLICATE_OFFER = "DUPLICATE_OFFER"

_FAILED_SHARE = Decimal("0.25")
_FAILED_OF_AT_LEAST = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a run comes to.

    `offers` is the complete next set: accepted, provisional, last good ones kept, and delisted
    ones. `accepted_count` counts the rows of this run among them. When `held`, nothing of the run
    is used and `offers` is the previous set as it was; `detail` says why.
    """

    offers: tuple[Offer, ...]
    accepted_count: int
    rejects: tuple[Reject, ...]
    held: bool
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCount:
    """How many rows a run had, and how many of them failed a rule or could not be read."""

    row_count: int
    failed_count: int


def _too_many_failed(run: RunCount) -> str:
    if run.row_count < _FAILED_OF_AT_LEAST or run.failed_count <= _FAILED_SHARE * run.row_count:
        return ""
    return f"{run.failed_count} of {run.row_count} rows failed"


# A complaint holds the run.
RUN_RULES: tuple[tuple[str, Callable[[RunCount], str]], ...] = (("R8", _too_many_failed),)


def judge(
    *,
    seen: tuple[Offer, ...],
    previous: tuple[Offer, ...],
    complete_parts: frozenset[str],
    parser_reject_count: int,
    registry: GpuRegistry,
    marketplace: bool,
    now: datetime,
) -> Verdict:
    """Decide what of a run becomes the provider's next set of offers.

    `seen` are the offers of this run, `previous` the set before. Offers of parts that are not in
    `complete_parts` are kept untouched. `parser_reject_count` counts the rows whose price,
    currency, unit or count could not be read; rows left out for what they are (another GPU,
    another system, sold by contract only) are no fault of the page and must not be counted.

    The provider's first live run is accepted as far as the row rules go; a new offer later is
    PROVISIONAL until a second run shows it. `price_change_time` follows the price that the page
    prints: when only the exchange rate moved, `price_per_hour` is new and the time is not.
    Delisted offers stay for 30 days and keep their `first_seen_time` when they return.
    """
    known = {offer.offer_id: offer for offer in previous}
    is_first_run = all(offer.standing is Standing.BASELINE for offer in previous)
    accepted: list[Offer] = []
    kept: list[Offer] = []
    rejects = list(_conflicts(seen))
    for offer in _unique(seen):
        last = known.get(offer.offer_id)
        row = Row(
            seen=offer,
            model=registry.find(offer.gpu_model),
            comparison=Comparison(seen=offer, last=last, marketplace=marketplace, now=now)
            if last
            else None,
        )
        failure = first_complaint(row)
        if failure is None:
            accepted.append(_accepted(row, is_first_run=is_first_run, now=now))
            continue
        rule, complaint = failure
        rejects.append(Reject(reason=rule.reason, text=f"{offer.offer_id}: {complaint}"))
        if last is not None and last.is_listed:
            pending = row.comparison.pending if row.comparison and rule.may_be_confirmed else None
            kept.append(replace(doubted(last), pending=pending, missed_run_count=0))
    run = RunCount(
        row_count=len(seen) + parser_reject_count,
        failed_count=len(rejects) + parser_reject_count,
    )
    complaints = [f"{name}: {said}" for name, rule in RUN_RULES if (said := rule(run))]
    if complaints:
        detail = f"held by {'; '.join(complaints)} ({_tally(rejects)})"
        return Verdict(
            offers=previous, accepted_count=0, rejects=tuple(rejects), held=True, detail=detail
        )
    kept += offers_not_seen(previous, seen=seen, complete_parts=complete_parts, now=now)
    kept += delisted_offers(previous, relisted=accepted, now=now)
    return Verdict(
        offers=tuple(sorted(accepted + kept, key=lambda offer: offer.offer_id)),
        accepted_count=len(accepted),
        rejects=tuple(rejects),
        held=False,
        detail=_summary(accepted + kept, rejects=rejects, now=now),
    )


def _accepted(row: Row, *, is_first_run: bool, now: datetime) -> Offer:
    """Return a believed row as it is to be published, with what is known of it from before."""
    found = row.comparison
    if found is None:
        return replace(
            row.seen, standing=Standing.ACCEPTED if is_first_run else Standing.PROVISIONAL
        )
    is_settled = found.is_against_accepted or found.is_near
    return replace(
        row.seen,
        standing=Standing.ACCEPTED if is_settled else Standing.PROVISIONAL,
        first_seen_time=found.last.first_seen_time,
        price_change_time=found.last.price_change_time if found.is_same_price else now,
    )


def _unique(seen: Iterable[Offer]) -> Iterable[Offer]:
    """Return the first offer of each id."""
    return {offer.offer_id: offer for offer in reversed(tuple(seen))}.values()


def _conflicts(seen: Iterable[Offer]) -> Iterable[Reject]:
    """Refuse later offers of an id that say something else than the first."""
    first: dict[str, Offer] = {}
    for offer in seen:
        if offer != first.setdefault(offer.offer_id, offer):
            yield Reject(
                reason=DUPLICATE_OFFER,
                text=f"{offer.offer_id}: {offer.listed.text!r}"
                f" beside {first[offer.offer_id].listed.text!r}",
            )


def _tally(rejects: Iterable[Reject]) -> str:
    counts = Counter(reject.reason for reject in rejects)
    return ", ".join(f"{reason} {count}" for reason, count in sorted(counts.items()))


def _summary(offers: Iterable[Offer], *, rejects: list[Reject], now: datetime) -> str:
    """Say what was out of the ordinary, "" for an ordinary run."""
    standings = Counter(offer.standing for offer in offers if offer.is_listed)
    gone = sum(offer.delist_time == now for offer in offers)
    words = (
        (len(rejects), f"rows rejected ({_tally(rejects)})"),
        (standings[Standing.UNCONFIRMED], "offers unconfirmed"),
        (standings[Standing.PROVISIONAL], "offers provisional"),
        (gone, "offers delisted"),
    )
    return ", ".join(f"{count} {word}" for count, word in words if count)
