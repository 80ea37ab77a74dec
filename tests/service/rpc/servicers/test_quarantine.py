"""QuarantineService through the chain."""

import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from google.protobuf.message import Message
from google.rpc import error_details_pb2
from google.rpc.code_pb2 import Code
from google.rpc.status_pb2 import Status
from gpuquote.v1 import quarantine_pb2
from gpuquote.v1 import quarantine_service_pb2 as pb

from service.domain.quarantine import QuarantineState
from service.rpc.call import Call
from service.rpc.dispatch import Dispatcher, RpcError
from service.store.memory_store import MemoryStore
from tests.builders import NOW, a_quarantined, a_status
from tests.fakes import FakeClock, FakeSource, a_catalog, a_dispatcher, detail

HELD = a_quarantined()
NAME = f"quarantinedOffers/{HELD.quarantine_id}"
BY = {"name": NAME, "reviewer": "dana@example.com", "note": "the page says so"}


class Setup:
    """A store with a quarantine, a clock, and the chain over both."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.store = MemoryStore(clock=self.clock)
        source = FakeSource(a_catalog(statuses=[a_status("nimbus"), a_status("cumulus")]))
        self.chain: Dispatcher = a_dispatcher(source, runs=self.store, clock=self.clock)
        self.store.save_quarantine("nimbus", (HELD,), fence=1)

    def ask(self, request: Message) -> Any:
        rpc = request.DESCRIPTOR.name.removesuffix("Request")
        return self.chain.call(f"/gpuquote.v1.QuarantineService/{rpc}", request, Call()).message

    def refused(self, request: Message) -> Status:
        with pytest.raises(RpcError) as raised:
            self.ask(request)
        return raised.value.status

    def listed(self, **fields: Any) -> list[str]:
        answer = self.ask(pb.ListQuarantinedOffersRequest(**fields))
        return [held.name for held in answer.quarantined_offers]


@pytest.fixture
def setup() -> Setup:
    return Setup()


def reason(status: Status) -> str:
    return str(detail(status, error_details_pb2.ErrorInfo).reason)


def test_what_is_held_is_shown_with_its_evidence(setup: Setup) -> None:
    held = setup.ask(pb.GetQuarantinedOfferRequest(name=NAME)).quarantined_offer

    assert (held.provider, held.offer) == ("providers/nimbus", f"offers/{HELD.offer_id}")
    assert (held.rule, held.reason, held.evidence) == ("R2", "PRICE_JUMP", HELD.evidence)
    assert (held.observed.amount, held.last_accepted.amount) == ("9.99", "2.49")
    assert held.ratio == pytest.approx(9.99 / 2.49)
    assert held.state == quarantine_pb2.QUARANTINE_STATE_WAITING
    assert held.raw_text == HELD.raw_text
    assert not held.HasField("review_time")


def test_a_held_run_has_no_offer_and_no_prices(setup: Setup) -> None:
    run = a_quarantined(
        "0002-b", offer_id="", rule="R8", observed=None, last_accepted=None, ratio=None
    )
    setup.store.save_quarantine("nimbus", (run,), fence=1)
    held = setup.ask(pb.GetQuarantinedOfferRequest(name="quarantinedOffers/0002-b"))

    assert held.quarantined_offer.offer == ""
    assert not held.quarantined_offer.HasField("observed")
    assert not held.quarantined_offer.HasField("ratio")


def test_only_what_waits_is_listed_unless_asked_and_the_newest_first(setup: Setup) -> None:
    old = replace(HELD, quarantine_id="0000-a", state=QuarantineState.CLEARED)
    newer = replace(HELD, quarantine_id="0009-a")
    other = replace(HELD, quarantine_id="0005-a", provider="cumulus")
    setup.store.save_quarantine("nimbus", (HELD, old, newer), fence=1)
    setup.store.save_quarantine("cumulus", (other,), fence=1)
    cleared = quarantine_pb2.QUARANTINE_STATE_CLEARED

    assert setup.listed() == [f"quarantinedOffers/{i}" for i in ("0009-a", "0005-a", "0001-a")]
    assert setup.listed(state=[cleared]) == ["quarantinedOffers/0000-a"]
    assert setup.listed(provider="cumulus") == ["quarantinedOffers/0005-a"]


def test_pages_follow_each_other(setup: Setup) -> None:
    entries = tuple(replace(HELD, quarantine_id=f"000{n}-a") for n in range(5))
    setup.store.save_quarantine("nimbus", entries, fence=1)
    token, names = "", []
    while True:
        answer = setup.ask(pb.ListQuarantinedOffersRequest(page_size=2, page_token=token))
        names += [held.name for held in answer.quarantined_offers]
        token = answer.next_page_token
        if not token:
            break

    assert names == [f"quarantinedOffers/000{n}-a" for n in (4, 3, 2, 1, 0)]


def test_what_is_not_there_is_said(setup: Setup) -> None:
    status = setup.refused(pb.GetQuarantinedOfferRequest(name="quarantinedOffers/0007-f"))

    assert (status.code, reason(status)) == (Code.NOT_FOUND, "QUARANTINED_OFFER_NOT_FOUND")


def test_an_acceptance_is_kept_logged_and_asks_for_a_run(
    setup: Setup, caplog: pytest.LogCaptureFixture
) -> None:
    setup.clock.advance(timedelta(minutes=5))
    with caplog.at_level(logging.INFO):
        answer = setup.ask(pb.AcceptQuarantinedOfferRequest(**BY))

    kept = setup.ask(pb.GetQuarantinedOfferRequest(name=NAME)).quarantined_offer
    assert kept == answer.quarantined_offer
    assert kept.state == quarantine_pb2.QUARANTINE_STATE_ACCEPTED
    assert (kept.reviewer, kept.review_note) == ("dana@example.com", "the page says so")
    assert kept.review_time.ToJsonString() == "2026-10-08T12:05:00Z"
    (line,) = [r for r in caplog.records if r.message == "quarantine reviewed"]
    assert vars(line)["reviewer"] == "dana@example.com"
    assert (vars(line)["before"], vars(line)["after"]) == ("2.49", "9.99")
    run = setup.store.take_request(timeout_seconds=0)
    assert run is not None
    assert run.provider == "nimbus"


def test_a_rejection_asks_for_no_run(setup: Setup) -> None:
    answer = setup.ask(pb.RejectQuarantinedOfferRequest(**BY))

    assert answer.quarantined_offer.state == quarantine_pb2.QUARANTINE_STATE_REJECTED
    assert setup.store.take_request(timeout_seconds=0) is None


DECISIONS = [
    (pb.AcceptQuarantinedOfferRequest, "ACCEPTED"),
    (pb.RejectQuarantinedOfferRequest, "REJECTED"),
]


@pytest.mark.parametrize(("decision", "state"), DECISIONS)
def test_what_was_decided_is_not_decided_so_again(setup: Setup, decision: Any, state: str) -> None:
    setup.ask(decision(**BY))
    status = setup.refused(decision(**(BY | {"reviewer": "eve"})))

    assert (status.code, reason(status)) == (Code.ABORTED, "ALREADY_REVIEWED")
    info = detail(status, error_details_pb2.ErrorInfo)
    assert (info.metadata["state"], info.metadata["reviewer"]) == (state, "dana@example.com")


@pytest.mark.parametrize(("first", "second"), [DECISIONS, DECISIONS[::-1]])
def test_a_mistaken_decision_is_replaced_by_the_opposite_one(
    setup: Setup, caplog: pytest.LogCaptureFixture, first: Any, second: Any
) -> None:
    setup.ask(first[0](**BY))
    with caplog.at_level(logging.INFO):
        setup.ask(second[0](**(BY | {"reviewer": "eve"})))

    kept = setup.ask(pb.GetQuarantinedOfferRequest(name=NAME)).quarantined_offer
    assert kept.state == quarantine_pb2.QuarantineState.Value(f"QUARANTINE_STATE_{second[1]}")
    assert kept.reviewer == "eve"
    (line,) = [r for r in caplog.records if r.message == "quarantine reviewed"]
    assert (vars(line)["decision_before"], vars(line)["decision"]) == (first[1], second[1])


def test_what_cleared_by_itself_needs_no_decision(setup: Setup) -> None:
    cleared = replace(HELD, state=QuarantineState.CLEARED, review_time=NOW)
    setup.store.save_quarantine("nimbus", (cleared,), fence=1)
    status = setup.refused(pb.AcceptQuarantinedOfferRequest(**BY))

    assert reason(status) == "ALREADY_REVIEWED"
    assert detail(status, error_details_pb2.ErrorInfo).metadata["state"] == "CLEARED"


@pytest.mark.parametrize(
    ("field", "text"),
    [("reviewer", "x" * 101), ("note", "x" * 501), ("note", "a\x1b[31m"), ("reviewer", "   ")],
)
def test_a_decision_says_who_and_why(setup: Setup, field: str, text: str) -> None:
    status = setup.refused(pb.RejectQuarantinedOfferRequest(**(BY | {field: text})))
    violations = detail(status, error_details_pb2.BadRequest).field_violations

    assert [violation.field for violation in violations] == [field]
    assert setup.listed() == [NAME]
