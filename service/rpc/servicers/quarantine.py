"""QuarantineService: shows what the gate holds back, and keeps what a person decides about it."""

import logging
import secrets
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from gpuquote.v1 import money_pb2, quarantine_pb2
from gpuquote.v1 import quarantine_service_pb2 as pb

from service.catalog.paging import PageTokenSigner
from service.domain.errors import Conflict, NotFound, Reason
from service.domain.money import Money, rounded
from service.domain.quarantine import QuarantinedOffer, QuarantineState, Review
from service.domain.run import CollectionRun, RunState, run_id_at
from service.rpc.call import Answer
from service.rpc.convert import enum_name, money_to_proto
from service.rpc.faults import Faults, shown
from service.rpc.names import OFFERS, PROVIDERS, QUARANTINED_OFFERS, id_from_name
from service.rpc.pages import cursor_of, token_after
from service.rpc.requests import read_enum, read_page_size, read_provider
from service.rpc.source import Source
from service.store.ports import QuarantineStore, RunStore

log = logging.getLogger(__name__)

MAX_REVIEWER = 100
MAX_NOTE = 500
_ENTROPY_BYTES = 4


class QuarantineServicer:
    """Converts, asks the store, converts back."""

    def __init__(
        self,
        quarantine: QuarantineStore,
        runs: RunStore,
        source: Source,
        *,
        signer: PageTokenSigner,
        now: Callable[[], datetime],
    ) -> None:
        self._quarantine = quarantine
        self._runs = runs
        self._source = source
        self._signer = signer
        self._now = now

    def list_offers(self, request: pb.ListQuarantinedOffersRequest) -> Answer:
        """Answer ListQuarantinedOffers, newest first."""
        snapshot = self._source.current()
        faults = Faults()
        page_size = read_page_size(request.page_size, faults)
        provider = ""
        if request.provider:
            provider = read_provider(request.provider, snapshot.statuses, faults) or ""
        states = {read_enum("state", QuarantineState, number, faults) for number in request.state}
        before = cursor_of(request, request.page_token, self._signer, faults)
        faults.raise_if_any()
        wanted = states or {QuarantineState.WAITING}
        found = [
            entry
            for entry in self._quarantine.quarantine(provider=provider)
            if entry.state in wanted and (not before or entry.quarantine_id < before)
        ]
        token = ""
        if len(found) > page_size:
            last_id = found[page_size - 1].quarantine_id
            token = token_after(request, last_id, self._signer, snapshot.revision)
        return Answer(
            pb.ListQuarantinedOffersResponse(
                quarantined_offers=[_to_proto(entry) for entry in found[:page_size]],
                next_page_token=token,
            )
        )

    def get_offer(self, request: pb.GetQuarantinedOfferRequest) -> Answer:
        """Answer GetQuarantinedOffer."""
        entry = self._found(request.name)
        return Answer(pb.GetQuarantinedOfferResponse(quarantined_offer=_to_proto(entry)))

    def accept_offer(self, request: pb.AcceptQuarantinedOfferRequest) -> Answer:
        """Answer AcceptQuarantinedOffer; the run that may publish it is asked for at once."""
        entry = self._reviewed(request, QuarantineState.ACCEPTED)
        now = self._now()
        # A run that is under way may have judged before this decision, but the next one follows.
        self._runs.request_run(
            CollectionRun(
                run_id=run_id_at(now, entropy=secrets.token_hex(_ENTROPY_BYTES)),
                provider=entry.provider,
                state=RunState.PENDING,
                create_time=now,
            )
        )
        return Answer(pb.AcceptQuarantinedOfferResponse(quarantined_offer=_to_proto(entry)))

    def reject_offer(self, request: pb.RejectQuarantinedOfferRequest) -> Answer:
        """Answer RejectQuarantinedOffer."""
        entry = self._reviewed(request, QuarantineState.REJECTED)
        return Answer(pb.RejectQuarantinedOfferResponse(quarantined_offer=_to_proto(entry)))

    def _found(self, name: str) -> QuarantinedOffer:
        wanted = id_from_name(name, QUARANTINED_OFFERS)
        for entry in self._quarantine.quarantine(provider=""):
            if entry.quarantine_id == wanted:
                return entry
        raise NotFound(
            Reason.QUARANTINED_OFFER_NOT_FOUND,
            f"There is no quarantined offer {shown(name)}; they are kept for 30 days.",
            metadata={"name": name},
        )

    def _reviewed(
        self,
        request: pb.AcceptQuarantinedOfferRequest | pb.RejectQuarantinedOfferRequest,
        state: QuarantineState,
    ) -> QuarantinedOffer:
        """Keep a decision, also in place of the opposite one.

        Raises Conflict where it was decided so before, or by somebody else at the same time, and
        where there is nothing left to decide.
        """
        faults = Faults()
        reviewer = _read_text("reviewer", request.reviewer, MAX_REVIEWER, faults)
        note = _read_text("note", request.note, MAX_NOTE, faults)
        faults.raise_if_any()
        entry = self._found(request.name)
        review = Review(state=state, reviewer=reviewer, note=note, review_time=self._now())
        is_settled = entry.state in {state, QuarantineState.CLEARED}
        if is_settled or not self._quarantine.review(
            entry.quarantine_id, review, instead_of=entry.review
        ):
            raise _already_decided(self._found(request.name))
        log.info(
            "quarantine reviewed",
            extra={
                "quarantine_id": entry.quarantine_id,
                "provider": entry.provider,
                "offer": entry.offer_id,
                "rule": entry.rule,
                "decision": state.value,
                "decision_before": entry.review.state.value if entry.review else "",
                "reviewer": reviewer,
                "note": note,
                "before": str(entry.last_accepted or ""),
                "after": str(entry.observed or ""),
            },
        )
        return entry.reviewed(review)


def _already_decided(entry: QuarantinedOffer) -> Conflict:
    by = f" by {shown(entry.reviewer)}" if entry.reviewer else ""
    return Conflict(
        Reason.ALREADY_REVIEWED,
        f"{QUARANTINED_OFFERS}/{entry.quarantine_id} is {entry.state.value}{by} already.",
        metadata={
            "name": f"{QUARANTINED_OFFERS}/{entry.quarantine_id}",
            "state": entry.state.value,
            "reviewer": entry.reviewer,
        },
    )


def _read_text(field: str, text: str, longest: int, faults: Faults) -> str:
    plain = text.strip()
    if not 1 <= len(plain) <= longest:
        faults.add(field, f"must have 1 to {longest} characters, not {len(plain)}")
    elif not plain.isprintable():
        faults.add(field, f"{shown(plain)} has characters that do not print")
    return plain


def _to_proto(entry: QuarantinedOffer) -> quarantine_pb2.QuarantinedOffer:
    return quarantine_pb2.QuarantinedOffer(
        name=f"{QUARANTINED_OFFERS}/{entry.quarantine_id}",
        provider=f"{PROVIDERS}/{entry.provider}",
        offer=f"{OFFERS}/{entry.offer_id}" if entry.offer_id else "",
        rule=entry.rule,
        reason=entry.reason,
        evidence=entry.evidence,
        raw_text=entry.raw_text,
        last_accepted=_dollars(entry.last_accepted),
        observed=_dollars(entry.observed),
        ratio=None if entry.ratio is None else float(entry.ratio),
        times_seen=entry.times_seen,
        first_seen_time=entry.first_seen_time,
        last_seen_time=entry.last_seen_time,
        page_digest=entry.page_digest,
        source_uri=entry.source_uri,
        state=enum_name(entry.state),
        reviewer=entry.reviewer,
        review_note=entry.review_note,
        review_time=entry.review_time,
    )


def _dollars(amount: Decimal | None) -> money_pb2.Money | None:
    return None if amount is None else money_to_proto(Money(amount=rounded(amount, digits=12)))
