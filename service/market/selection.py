"""Which offers a calculator may use, and one reason for each that it may not."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from service.catalog.columns import EPOCH, NOT_STATED, Mask, Rows, micros_of
from service.catalog.masks import Evaluator, Rates
from service.catalog.query import refuse_older
from service.catalog.snapshot import Snapshot
from service.domain.caveat import Caveat, CaveatCode
from service.domain.constraints import OfferConstraints
from service.domain.errors import NotFound, Precondition, Reason
from service.domain.offer import AvailabilityState, Freshness
from service.domain.offer_fields import FIELDS
from service.market.answers import Rejection, Terms
from service.market.billing import COMMITTED, NAMED_TERMS
from service.market.need import Shape
from service.market.rejections import Exclusion
from service.market.sheet import Pick, Sheet, is_any_of, sheet_of


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Selection:
    """The offers that may be used, by lot, and what became of the others.

    `committed` are those that ask for a term: they are charged for all of it and never ranked.
    Bundled prices are still in both: `service.market.eligibility` leaves them out where a live
    offer serves. `shapes` are the different shapes of both, `shape_of_lot` the index into them by
    lot of the sheet, -1 for lots of neither. `rates` are US dollars for one unit of a currency.
    """

    pick: Pick
    committed: Pick
    shapes: tuple[Shape, ...]
    shape_of_lot: NDArray[np.intp]
    rejected: tuple[Rejection, ...]
    caveats: tuple[Caveat, ...]
    is_named: bool
    rates: Rates

    @property
    def rows(self) -> Rows:
        """Numbers of the rows that may be used, those that ask for a term not among them."""
        return self.pick.sheet.rows[self.pick.at]


def select(
    snapshot: Snapshot, terms: Terms, *, gpu_model: str | None, rates: Rates, now: datetime
) -> Selection:
    """Sort the listed offers of one GPU model, or of all, into usable, committed and rejected.

    Every listed offer (of the GPU model, when one is asked for) is in exactly one of the three;
    reasons are tried in the order of `Exclusion`. An offer that the terms name is used alone and
    whatever its state, with a caveat that says what would have excluded it; it is refused only
    when it is another GPU model's or a slice of a GPU.

    Raises NotFound OFFER_NOT_FOUND and Precondition OFFER_DELISTED for the offer that is named,
    Precondition PRICES_TOO_OLD when offers are left but none as young as `max_age`, and
    InvalidRequest for an amount in the filter whose currency has no rate.
    """
    sheet = sheet_of(snapshot)
    sieve = _Sieve(snapshot, sheet, terms.constraints, rates=rates, now=now)
    max_age = terms.constraints.max_age
    if terms.offer_id is not None:
        return _named(snapshot, sieve, terms.offer_id, gpu_model=gpu_model, max_age=max_age)
    part = slice(0, sheet.rows.size) if gpu_model is None else sheet.span(gpu_model)
    left = np.ones(part.stop - part.start, np.bool_)
    rejected: list[Rejection] = []
    for reason, falls_out in sieve.tried(part):
        falling = falls_out & left
        count = int(np.count_nonzero(falling))
        if not count:
            continue
        if max_age is not None and count == np.count_nonzero(left) and reason is Exclusion.TOO_OLD:
            sieve.refuse_all(part.start + np.flatnonzero(left), max_age)
        first = int(sheet.rows[part.start + int(falling.argmax())])
        example = f"offers/{snapshot.names[first]}"
        rejected.append(Rejection(reason=reason.value, count=count, example=example))
        left &= ~falling
    at = part.start + np.flatnonzero(left)
    asked = terms.constraints.purchase_models
    is_committed = None
    if not asked or asked & COMMITTED:
        is_committed = is_any_of(sheet.column("purchase_model")[at], "purchase_model", COMMITTED)
    return _selection(
        pick=Pick.of(sheet, at if is_committed is None else at[~is_committed]),
        committed=Pick.of(sheet, at[:0] if is_committed is None else at[is_committed]),
        rejected=tuple(rejected),
        rates=rates,
    )


def _selection(
    *,
    pick: Pick,
    committed: Pick,
    rejected: tuple[Rejection, ...],
    rates: Rates,
    caveats: tuple[Caveat, ...] = (),
    is_named: bool = False,
) -> Selection:
    sheet = pick.sheet
    lots = np.union1d(pick.lots, committed.lots) if committed.lots.size else pick.lots
    numbers = sheet.shape_of[lots]
    found = numbers[np.flatnonzero(np.diff(numbers, prepend=-1))]
    place = np.full(len(sheet.shapes), -1, np.intp)
    place[found] = np.arange(found.size)
    return Selection(
        pick=pick,
        committed=committed,
        shapes=tuple(sheet.shapes[number] for number in found.tolist()),
        shape_of_lot=place[sheet.shape_of],
        rejected=rejected,
        caveats=caveats,
        is_named=is_named,
        rates=rates,
    )


def _named(
    snapshot: Snapshot,
    sieve: "_Sieve",
    offer_id: str,
    *,
    gpu_model: str | None,
    max_age: timedelta | None,
) -> Selection:
    name = f"offers/{offer_id}"
    row = snapshot.find(offer_id)
    if row is None:
        detail = f"There is no offer {name[:80]}."
        raise NotFound(Reason.OFFER_NOT_FOUND, detail, metadata={"name": name})
    offer = row.offer
    if offer.delist_time is not None:
        when = offer.delist_time.isoformat().replace("+00:00", "Z")
        raise Precondition(
            Reason.OFFER_DELISTED,
            f"{name} left its provider's page at {when}.",
            metadata={"name": name, "delist_time": when},
        )
    sheet = sheet_of(snapshot)
    place = sheet.place_of(bisect_left(snapshot.names, offer_id))
    part = slice(place, place + 1)
    found = [reason for reason, falls_out in sieve.tried(part) if falls_out.any()]
    if max_age is not None and Exclusion.TOO_OLD in found:
        sieve.refuse_all(np.array([place]), max_age)
    if gpu_model is not None and offer.gpu_model != gpu_model:
        found.append(Exclusion.GPU_MODEL)
    refused = [r for r in found if r in {Exclusion.GPU_MODEL, Exclusion.FRACTIONAL_GPU}]
    doubts = [reason for reason in found if reason not in refused]
    at = np.arange(place, place if refused else place + 1)
    return _selection(
        pick=Pick.of(sheet, at),
        committed=Pick.of(sheet, at[:0]),
        rejected=tuple(Rejection(reason=r.value, count=1, example=name) for r in refused[:1]),
        rates=sieve.rates,
        caveats=(_excluded(name, doubts),) if doubts else (),
        is_named=True,
    )


def _excluded(name: str, reasons: Sequence[Exclusion]) -> Caveat:
    return Caveat(
        code=CaveatCode.NAMED_OFFER_EXCLUDED,
        message=f"{name} is used because it is named; a search would leave it out: "
        f"{', '.join(reasons)}.",
    )


class _Sieve:
    """The constraints of a question over the places of a sheet."""

    def __init__(
        self,
        snapshot: Snapshot,
        sheet: Sheet,
        constraints: OfferConstraints,
        *,
        rates: Rates,
        now: datetime,
    ) -> None:
        self._snapshot = snapshot
        self._sheet = sheet
        self._constraints = constraints
        self._now = now
        self.rates = rates

    def tried(self, part: slice) -> Iterator[tuple[Exclusion, Mask]]:
        """Tell for each reason, in its order, which of the places it holds for."""
        constraints = self._constraints
        yield from self._words(part)
        trust = self._outside(part, "trust", constraints.trust)
        if trust is not None:
            yield Exclusion.TRUST, trust
        yield from self._stock(part)
        yield Exclusion.EXPIRED, self._freshness(part, Freshness.EXPIRED)
        if not constraints.include_doubtful:
            yield Exclusion.UNCONFIRMED, self._freshness(part, Freshness.UNCONFIRMED)
            yield Exclusion.PROVISIONAL, self._freshness(part, Freshness.PROVISIONAL)
        yield Exclusion.FRACTIONAL_GPU, self._sheet.is_slice[part]
        yield Exclusion.FREE, self._sheet.node_nanos[part] <= 0
        without_term = self._without_term()
        if without_term.any():
            yield Exclusion.TERM_NOT_STATED, without_term[self._sheet.lot_of[part]]
        if constraints.filter is not None:
            evaluator = Evaluator(self._snapshot, self.rates)
            yield Exclusion.FILTER, ~evaluator.mask(constraints.filter, self._sheet.rows[part])
        if constraints.max_age is not None:
            yield Exclusion.TOO_OLD, self._too_old(part, constraints.max_age)

    def refuse_all(self, places: Rows, max_age: timedelta) -> None:
        """Raise Precondition PRICES_TOO_OLD, since these are all too old."""
        rows = self._snapshot.rows.chosen(self._sheet.rows[places].tolist())
        refuse_older(rows, max_age=max_age, now=self._now)

    def _words(self, part: slice) -> Iterator[tuple[Exclusion, Mask]]:
        asked = self._constraints
        if asked.gpu_models:
            words = self._sheet.gpu_models
            is_out = np.array([word not in asked.gpu_models for word in words], np.bool_)
            yield Exclusion.GPU_MODEL, is_out[self._sheet.gpu_model][self._sheet.lot_of[part]]
        purchase = self._outside(part, "purchase_model", asked.purchase_models)
        if purchase is not None:
            yield Exclusion.PURCHASE_MODEL, purchase
        if asked.providers or asked.excluded_providers:
            every = frozenset(self._sheet.words("provider"))
            wanted = (asked.providers or every) - asked.excluded_providers
            yield Exclusion.PROVIDER, ~self._among(part, "provider", wanted)
        if asked.region_codes:
            yield Exclusion.REGION, ~self._among(part, "region_code", asked.region_codes)
        if asked.country_codes:
            yield Exclusion.COUNTRY, ~self._among(part, "country_code", asked.country_codes)
        delivery = self._outside(part, "delivery_model", asked.delivery_models)
        if delivery is not None:
            yield Exclusion.DELIVERY_MODEL, delivery

    def _stock(self, part: slice) -> Iterator[tuple[Exclusion, Mask]]:
        asked = self._constraints.availability
        if not asked:
            return
        states = self._sheet.column("availability")[part]
        named = {
            AvailabilityState.SOLD_OUT: Exclusion.SOLD_OUT,
            AvailabilityState.NOT_OFFERED: Exclusion.NOT_OFFERED,
        }
        for state, reason in named.items():
            if state not in asked:
                yield reason, is_any_of(states, "availability", frozenset({state}))
        others = frozenset(AvailabilityState) - asked - named.keys()
        if others:
            yield Exclusion.AVAILABILITY, is_any_of(states, "availability", others)

    def _freshness(self, part: slice, freshness: Freshness) -> Mask:
        return is_any_of(self._sheet.column("freshness")[part], "freshness", frozenset({freshness}))

    def _without_term(self) -> Mask:
        """Tell for each lot whether it asks for a term that is not stated."""
        sheet = self._sheet
        nameless = is_any_of(
            sheet.rule("purchase_model"), "purchase_model", COMMITTED - NAMED_TERMS.keys()
        )
        return np.asarray(nameless & (sheet.rule("commitment_term") == NOT_STATED))

    def _too_old(self, part: slice, max_age: timedelta) -> Mask:
        # A max_age of centuries must not overflow.
        oldest = micros_of(self._now - min(max_age, self._now - EPOCH))
        is_old = self._sheet.column("observe_time")[part] < oldest
        return np.asarray(is_old | self._freshness(part, Freshness.BASELINE))

    def _outside(self, part: slice, field: str, allowed: frozenset[StrEnum]) -> Mask | None:
        """Tell which places have none of the allowed values; None where all are allowed."""
        members = FIELDS[field].members
        refused = frozenset(members) - allowed
        if not allowed or not refused:
            return None
        values = self._sheet.column(field)[part]
        if len(allowed) < len(refused):
            return ~is_any_of(values, field, allowed)
        return is_any_of(values, field, refused)

    def _among(self, part: slice, field: str, wanted: frozenset[str]) -> Mask:
        table = np.array([word in wanted for word in self._sheet.words(field)], np.bool_)
        values = self._sheet.column(field)[part]
        return np.asarray(table[values]) if table.size else np.zeros(values.shape, np.bool_)
