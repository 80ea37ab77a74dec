"""The gate: whether a run is believed, row by row and as a whole. Pure.

A feed of prices that is silently wrong is worse than one that is late. A row that is not believed
leaves the last good one in its place, marked UNCONFIRMED and with its own age; a suspect price is
never clamped, averaged or published as if it were sure. `rules.py` holds the table of the rules.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from scrapers.market import Kind, kind_of, level_of, levels_of
from scrapers.price_jump import LIST_PRICE_BAND, Comparison
from scrapers.price_order import pairs_out_of_order
from scrapers.provider import Reject
from scrapers.row_rules import Row, Surroundings, sibling_key
from scrapers.rules import ROW_RULES, RUN_RULES, Effect, Rule, first_complaint
from scrapers.run_rules import Run
from scrapers.vanished import delisted_offers, doubted, offers_not_seen
from scrapers.verdict import (
    NO_BACKGROUND,
    Background,
    HeldRow,
    HeldRun,
    Verdict,
    summary_of,
    tally_of,
)
from service.domain.gpu import GpuRegistry
from service.domain.offer import Offer, Standing
from service.domain.quarantine import QuarantinedOffer, QuarantineState

REFUSED_BY_REVIEW = "REFUSED_BY_REVIEW"

_MIN_ANCHORS = 3
_ACCEPTED_BEFORE = frozenset({Standing.ACCEPTED, Standing.UNCONFIRMED})


def judge(
    *,
    seen: tuple[Offer, ...],
    previous: tuple[Offer, ...],
    complete_parts: frozenset[str],
    parser_reject_count: int,
    registry: GpuRegistry,
    marketplace: bool,
    now: datetime,
    background: Background = NO_BACKGROUND,
) -> Verdict:
    """Decide what of a run becomes the provider's next set of offers.

    `seen` are the offers of this run, `previous` the set before: that of the store, or the bundled
    baseline's on the first live run. Offers of parts that are not in `complete_parts` are kept
    untouched. `parser_reject_count` counts the rows whose price, currency, unit or count could not
    be read; rows left out for what they are (another GPU, another system, sold by contract only)
    are no fault of the page and must not be counted.

    A new offer, or a known one with another GPU or count, is PROVISIONAL until a second run shows
    it near its price and R3 and R4 pass. On the first run an offer is accepted at once that agrees
    with the baseline, or with all of three or more like it that do. `price_change_time` follows the
    price that the page prints: when only the exchange rate moved, `price_per_hour` is new and the
    time is not. Delisted offers stay for 30 days: an offer that returns keeps its
    `first_seen_time`, and its last price counts as ever.
    """
    bench = _Bench(
        seen=seen,
        previous=previous,
        registry=registry,
        marketplace=marketplace,
        now=now,
        background=background,
    )
    bench.judge_rows()
    rejects = tuple(bench.rejects)
    run = replace(
        bench.run,
        row_count=len(seen) + parser_reject_count,
        failed_count=bench.failed_count + parser_reject_count,
    )
    held_by = bench.held_by(run)
    if held_by:
        said = f"{held_by.evidence} ({tally_of(rejects)})" if rejects else held_by.evidence
        return Verdict(
            offers=previous,
            accepted_count=0,
            rejects=rejects,
            held_by=replace(held_by, evidence=said),
            detail=f"held by {held_by.rule}: {said}",
            row_count=run.row_count,
        )
    accepted = bench.settled_offers()
    kept = [*bench.kept]
    kept += offers_not_seen(previous, seen=seen, complete_parts=complete_parts, now=now)
    kept += delisted_offers(bench.remembered(previous), relisted=accepted, now=now)
    detail = summary_of([*accepted, *kept], rejects=rejects, now=now)
    return Verdict(
        offers=tuple(sorted([*accepted, *kept], key=lambda offer: offer.offer_id)),
        accepted_count=len(accepted),
        rejects=rejects,
        held_by=None,
        detail=", ".join(filter(None, (detail, *bench.warnings()))),
        row_count=run.row_count,
        held_rows=tuple(bench.held_rows),
        reviewed_ids=frozenset(bench.reviewed_ids),
    )


class _Bench:
    """The rows of one run while they are judged."""

    def __init__(
        self,
        *,
        seen: tuple[Offer, ...],
        previous: tuple[Offer, ...],
        registry: GpuRegistry,
        marketplace: bool,
        now: datetime,
        background: Background,
    ) -> None:
        contradictions = _contradictions(seen)
        # Of each id the first one; where others say something else, it is not believed either.
        seen = tuple({offer.offer_id: offer for offer in reversed(seen)}.values())
        self._seen = seen
        self._known = {offer.offer_id: offer for offer in previous}
        self._registry = registry
        self._marketplace = marketplace
        self._now = now
        self._background = background
        self._is_first = all(offer.standing is Standing.BASELINE for offer in previous)
        self._comparisons = {
            offer.offer_id: self._compared(offer, self._known[offer.offer_id])
            for offer in seen
            if offer.offer_id in self._known
        }
        provider = seen[0].provider if seen else ""
        market = background.market.without(provider)
        priced = tuple(filter(_has_price, seen))
        self.run = Run(
            row_count=len(seen),
            failed_count=0,
            ratios=tuple(c.ratio for c in self._comparisons.values() if c.last.is_listed),
            level=level_of(priced, market),
            is_cold=not any(offer.standing in _ACCEPTED_BEFORE for offer in previous),
            is_marketplace=marketplace,
        )
        self._allowed_factor = self._accepted_factor()
        disorder, self._odd_orders = self._disorder(previous)
        self._among = Surroundings(
            market=market,
            levels=levels_of(priced, market),
            siblings=_siblings(seen),
            contradictions=contradictions,
            disorder=disorder,
        )
        self._accepted: list[Offer] = []
        self.kept: list[Offer] = []
        self._gone: dict[str, Offer] = {}
        self.rejects: list[Reject] = []
        self.held_rows: list[HeldRow] = []
        self.reviewed_ids: set[str] = set()
        self.failed_count = 0

    def judge_rows(self) -> None:
        """Sort every row into what is accepted, kept back, or refused."""
        for offer in self._seen:
            row = Row(
                seen=offer,
                model=self._registry.find(offer.gpu_model),
                comparison=self._comparisons.get(offer.offer_id),
                among=self._among,
                allowed_factor=self._allowed_factor,
            )
            self._judge_row(row)

    def held_by(self, run: Run) -> HeldRun | None:
        """Return the first rule that holds the run and that no person let pass."""
        for rule in RUN_RULES:
            evidence = rule.complaint(run)
            if not evidence:
                continue
            factor = run.common_factor if rule.name == "R6" else None
            acceptance = self._background.reviews.find_acceptance(
                rule.name, factor=factor, now=self._now
            )
            if acceptance is None:
                return HeldRun(rule=rule.name, reason=rule.reason, evidence=evidence, factor=factor)
            self.reviewed_ids.add(acceptance.quarantine_id)
        return None

    def settled_offers(self) -> list[Offer]:
        """Return the accepted and provisional offers of this run.

        On a first run also those are accepted that agree with three that the baseline confirms.
        """
        anchors: defaultdict[Kind, list[Decimal]] = defaultdict(list)
        if self._is_first:
            for offer in self._accepted:
                if offer.standing is Standing.ACCEPTED and offer.offer_id in self._comparisons:
                    anchors[kind_of(offer)].append(offer.price_per_gpu_hour)
        on_trial = {held.offer.offer_id for held in self.held_rows}
        return [
            replace(offer, standing=Standing.ACCEPTED)
            if offer.offer_id not in self._comparisons
            and offer.offer_id not in on_trial
            and _is_like(anchors[kind_of(offer)], offer.price_per_gpu_hour)
            else offer
            for offer in self._accepted
        ]

    def remembered(self, previous: Iterable[Offer]) -> Iterable[Offer]:
        """Return the offers before, with the prices at which those that are gone ask to return."""
        return (self._gone.get(offer.offer_id, offer) for offer in previous)

    def warnings(self) -> Iterable[str]:
        """Say what is odd without holding anything."""
        if self._odd_orders:
            count = len(self._odd_orders)
            prices = "1 price" if count == 1 else f"{count} prices"
            yield f"R11: {prices} higher than it should be, such as {self._odd_orders[0]}"
        before, digest = self._background.last_page_digest, self._background.page_digest
        if before and digest and before != digest:
            yield "the structure of the page changed (R9)"

    def _judge_row(self, row: Row) -> None:
        offer, found = row.seen, row.comparison
        observed = found.price if found else offer.price_per_gpu_hour
        review = self._background.reviews.find_of_offer(offer, observed=observed)
        failure = first_complaint(ROW_RULES, row)
        if review:
            self.reviewed_ids.add(review.quarantine_id)
            failure = _overruled(failure, review)
        if failure is None:
            standing = Standing.ACCEPTED if review else self._standing(row)
            self._accepted.append(self._dated(row, standing=standing))
            return
        rule, evidence = failure
        if rule.effect is not Effect.REJECT:
            self.held_rows.append(
                HeldRow(
                    offer=offer,
                    last=found.last if found and found.is_against_accepted else None,
                    rule=rule.name,
                    reason=rule.reason,
                    evidence=evidence,
                    observed=observed,
                    ratio=found.ratio if found else None,
                )
            )
        if rule.effect is Effect.REVIEW:
            # Once it is published on trial it is a known oddity, no sign of a broken page.
            self.failed_count += found is None or found.last.standing is Standing.BASELINE
            self._accepted.append(self._dated(row, standing=Standing.PROVISIONAL))
            return
        self.failed_count += review is None
        self.rejects.append(Reject(reason=rule.reason, text=f"{offer.offer_id}: {evidence}"))
        self._keep_last(row, rule)

    def _keep_last(self, row: Row, rule: Rule[Row]) -> None:
        """Keep the last good offer, or what is remembered of one that is gone."""
        found = row.comparison
        if found is None:
            return
        last = found.last
        is_on_trial = last.is_listed and last.standing is Standing.PROVISIONAL
        if rule.reason == REFUSED_BY_REVIEW and is_on_trial:
            self.kept.append(replace(last, delist_time=self._now))
            return
        waits = rule.effect is Effect.QUARANTINE_UNTIL_CONFIRMED
        pending = found.pending if waits else None
        if last.is_listed:
            self.kept.append(replace(doubted(last), pending=pending, missed_run_count=0))
        else:
            self._gone[last.offer_id] = replace(last, pending=pending)

    def _standing(self, row: Row) -> Standing:
        found = row.comparison
        if found is None:
            return self._background.first_standing if self._is_first else Standing.PROVISIONAL
        if not found.is_same_key:
            return Standing.PROVISIONAL
        if not found.is_near:
            is_settled = found.is_against_accepted  # it was confirmed, or its run was accepted
        elif found.last.is_listed or found.is_against_accepted:
            is_settled = not found.is_far_for_a_list_price
        else:
            is_settled = False  # it went before it was ever accepted
        return Standing.ACCEPTED if is_settled else Standing.PROVISIONAL

    def _dated(self, row: Row, *, standing: Standing) -> Offer:
        """Return a row as it is to be published, with what is known of it from before."""
        found = row.comparison
        if found is None:
            return replace(row.seen, standing=standing)
        return replace(
            row.seen,
            standing=standing,
            first_seen_time=found.last.first_seen_time,
            price_change_time=found.last.price_change_time if found.is_same_price else self._now,
        )

    def _compared(self, seen: Offer, last: Offer) -> Comparison:
        return Comparison(
            seen=seen,
            last=last,
            marketplace=self._marketplace,
            now=self._now,
            page_digest=self._background.page_digest,
            last_page_digest=self._background.last_page_digest,
        )

    def _accepted_factor(self) -> Decimal | None:
        factor, reviews = self.run.common_factor, self._background.reviews
        if factor and reviews.find_acceptance("R6", factor=factor, now=self._now):
            return factor
        return None

    def _disorder(self, previous: tuple[Offer, ...]) -> tuple[Mapping[str, str], list[str]]:
        """Return what newly stands in the wrong order: to hold by offer id, and only to tell.

        Of a pair of known offers the one is held whose price moved. An offer that was too dear
        before is not newly so because another one is now the dearest beside it.
        """
        before = pairs_out_of_order(previous, marketplace=self._marketplace)
        were_too_dear = {pair.dearer for pair in before}
        held: dict[str, str] = {}
        told: list[str] = []
        for pair, said in pairs_out_of_order(self._seen, marketplace=self._marketplace).items():
            if pair.dearer in were_too_dear:
                continue
            moved = [name for name in (pair.dearer, pair.cheaper) if self._has_moved(name)]
            if moved and all(map(self._is_known, (pair.dearer, pair.cheaper))):
                held.setdefault(moved[0], said)
            else:
                told.append(said)
        return held, told

    def _is_known(self, offer_id: str) -> bool:
        found = self._comparisons.get(offer_id)
        return found is not None and found.is_against_accepted

    def _has_moved(self, offer_id: str) -> bool:
        found = self._comparisons.get(offer_id)
        return found is not None and not found.is_same_price


def _overruled(
    failure: tuple[Rule[Row], str] | None, review: QuarantinedOffer
) -> tuple[Rule[Row], str] | None:
    """Put a person's decision above the rules; nobody can accept what is no price."""
    if failure and failure[0].effect is Effect.REJECT:
        return failure
    if review.state is QuarantineState.ACCEPTED:
        return None
    refused: Rule[Row] = Rule(
        name=review.rule,
        reason=REFUSED_BY_REVIEW,
        threshold="",
        effect=Effect.QUARANTINE,
        complaint=lambda _: "",
    )
    return refused, f"refused by review {review.quarantine_id}"


def _has_price(offer: Offer) -> bool:
    return offer.price_per_gpu_hour.is_finite() and offer.price_per_gpu_hour > 0


def _siblings(seen: Iterable[Offer]) -> Mapping[tuple[object, ...], Mapping[str, Decimal]]:
    prices: defaultdict[tuple[object, ...], dict[str, Decimal]] = defaultdict(dict)
    for offer in seen:
        if _has_price(offer):
            prices[sibling_key(offer)][offer.offer_id] = offer.price_per_gpu_hour
    return prices


def _is_like(anchors: list[Decimal], price: Decimal) -> bool:
    if len(anchors) < _MIN_ANCHORS:
        return False
    # Where sizes or regions cost this differently, being like the middle says nothing.
    return max(*anchors, price) <= LIST_PRICE_BAND * min(*anchors, price)


def _contradictions(seen: Iterable[Offer]) -> Mapping[str, str]:
    """Return by offer id what two rows say that should say the same."""
    first: dict[str, Offer] = {}
    found: dict[str, str] = {}
    for offer in seen:
        other = first.setdefault(offer.offer_id, offer)
        if offer != other:
            found[offer.offer_id] = f"{offer.listed.text!r} beside {other.listed.text!r}"
    return found
