"""QuoteService through the chain; use cases of the estimators answer the same to everybody."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc import error_details_pb2
from google.rpc.code_pb2 import Code
from google.rpc.status_pb2 import Status
from gpuquote.v1 import (
    build_vs_buy_service_pb2,
    collection_service_pb2,
    compare_service_pb2,
    estimate_service_pb2,
    money_pb2,
    offer_pb2,
)
from gpuquote.v1 import quote_service_pb2 as pb

from service.catalog.paging import PageTokenSigner
from service.catalog.replica import Readiness, ReadyReason, ReadyStatus
from service.catalog.revisions import Revisions
from service.domain.errors import InvalidRequest, Precondition, Reason
from service.domain.offer import Availability, AvailabilityState, Standing
from service.domain.quote import KeptRequest, Quote
from service.rpc.calculator import Calculator
from service.rpc.call import Answer, Call
from service.rpc.dispatch import RpcError
from service.rpc.servicers import quotes as quotes_servicer
from service.rpc.servicers.quotes import IDEMPOTENCY_REPLAYED, QuotesServicer
from service.store.memory_store import MemoryStore
from service.store.ports import StoreFull, StoreUnreachable, UnreadableQuote
from tests.builders import NOW, an_offer
from tests.estimates import FakeServing, FakeTraining
from tests.fakes import (
    EXCHANGE_RATES,
    GPUS,
    MODELS,
    QUOTES_KEPT_FOR,
    FakeClock,
    FakeSource,
    a_catalog,
    a_dispatcher,
    detail,
)
from tests.service.rpc.asking import inference_request, training_request

OFFER = an_offer()
SOLD_OUT = Availability(state=AvailabilityState.SOLD_OUT, observe_time=NOW)
DAY = timedelta(days=1)
TRAINING = pb.QuoteRequest(estimate_training=training_request())
INFERENCE = pb.QuoteRequest(estimate_inference=inference_request())
NOT_A_REQUEST_ID = ["a b", "x" * 65, "ä", "a/b", "a\n"]


class Setup:
    """A store, a catalogue, a clock, and the chain over them."""

    def __init__(self, store: MemoryStore | None = None) -> None:
        self.clock = FakeClock()
        self.store = store or MemoryStore(clock=self.clock)
        self.source = FakeSource(a_catalog(OFFER))
        self.train, self.serve = FakeTraining(), FakeServing()
        self.chain = a_dispatcher(
            self.source, runs=self.store, clock=self.clock, train=self.train, serve=self.serve
        )

    def answer(self, request: Message) -> Answer:
        rpc = request.DESCRIPTOR.name.removesuffix("Request")
        return self.chain.call(f"/gpuquote.v1.QuoteService/{rpc}", request, Call())

    def ask(self, request: Message) -> Any:
        return self.answer(request).message

    def refused(self, request: Message) -> Status:
        with pytest.raises(RpcError) as raised:
            self.ask(request)
        return raised.value.status

    def created(self, **fields: Any) -> pb.Quote:
        quote: pb.Quote = self.ask(pb.CreateQuoteRequest(**({"request": TRAINING} | fields))).quote
        return quote

    def listed(self, **fields: Any) -> list[str]:
        return [quote.title for quote in self.ask(pb.ListQuotesRequest(**fields)).quotes]

    def move_price(self, *offers: Any) -> None:
        self.source.snapshot = a_catalog(*offers, snapshot_id="s2")


@pytest.fixture
def setup() -> Setup:
    return Setup()


def reason(status: Status) -> str:
    return str(detail(status, error_details_pb2.ErrorInfo).reason)


def violations(status: Status) -> dict[str, str]:
    found = detail(status, error_details_pb2.BadRequest).field_violations
    return {one.field: one.description for one in found}


# Making one


def test_a_quote_has_the_question_the_answer_and_the_offers_behind_it(setup: Setup) -> None:
    asked = estimate_service_pb2.EstimateTrainingRequest()
    asked.CopyFrom(TRAINING.estimate_training)
    answer = setup.chain.call("/gpuquote.v1.EstimateService/EstimateTraining", asked, Call())
    quote = setup.created(title="  llama, March ")

    assert quote.request == TRAINING
    assert quote.answer.estimate_training == answer.message
    assert quote.catalog_revision == setup.source.snapshot.revision
    (offer,) = quote.offers
    row = setup.source.snapshot.rows[0]
    assert offer.SerializeToString() == type(offer).FromString(row.proto).SerializeToString()
    assert quote.title == "llama, March"
    assert quote.binding == pb.BINDING_NONE
    assert quote.create_time.ToDatetime(tzinfo=NOW.tzinfo) == NOW
    assert quote.expire_time.ToDatetime(tzinfo=NOW.tzinfo) == NOW + timedelta(days=7)
    assert quote.purge_time.ToDatetime(tzinfo=NOW.tzinfo) == NOW + timedelta(days=2557)
    assert quote.name.startswith("quotes/")


def test_serving_can_be_quoted_too(setup: Setup) -> None:
    quote = setup.created(request=INFERENCE)
    assert quote.answer.HasField("estimate_inference")
    assert not quote.answer.HasField("estimate_training")
    assert setup.serve.asked[0].workload.concurrency == 64


def test_equal_questions_on_an_equal_revision_differ_in_name_and_times_only(setup: Setup) -> None:
    first = setup.created(title="t")
    setup.clock.advance(timedelta(hours=5))
    second = setup.created(title="t")
    assert first.name != second.name
    assert first.create_time != second.create_time
    for quote in (first, second):
        for field in ("name", "create_time", "expire_time", "purge_time"):
            quote.ClearField(field)
    assert first.SerializeToString() == second.SerializeToString()


def test_the_answer_and_the_offers_are_of_one_revision(setup: Setup) -> None:
    dearer = a_catalog(an_offer(price="9.99"), snapshot_id="s2")

    class Moving(FakeTraining):
        def __call__(self, question: Any, **known: Any) -> Any:
            setup.source.snapshot = dearer  # prices move while the calculator works
            return super().__call__(question, **known)

    revision = setup.source.snapshot.revision
    setup.chain = a_dispatcher(setup.source, runs=setup.store, clock=setup.clock, train=Moving())
    quote = setup.created()
    assert quote.catalog_revision == revision
    assert quote.answer.estimate_training.catalog_revision == revision
    assert quote.offers[0].price_per_gpu_hour.amount == "2.49"


@pytest.mark.parametrize(("seconds", "fits"), [(59, False), (60, True), (7_776_000, True)])
def test_a_lifetime_has_bounds(setup: Setup, seconds: int, *, fits: bool) -> None:
    request = pb.CreateQuoteRequest(request=TRAINING, lifetime=Duration(seconds=seconds))
    if not fits:
        assert violations(setup.refused(request)) == {
            "lifetime": "must be 60 s to 7776000 s (90 d)"
        }
        return
    quote = setup.ask(request).quote
    assert quote.expire_time.seconds - quote.create_time.seconds == seconds


def test_everything_that_is_wrong_is_told_at_once(setup: Setup) -> None:
    request = pb.CreateQuoteRequest(
        request=pb.QuoteRequest(
            estimate_training=training_request(
                model="gpt-17", gpuCount=0, catalogRevision=setup.source.snapshot.revision
            )
        ),
        title="x" * 201,
        lifetime=Duration(seconds=7_776_000, nanos=1),
        request_id="a b",
    )
    status = setup.refused(request)
    assert status.code == Code.INVALID_ARGUMENT
    found = violations(status)
    assert set(found) == {
        "title",
        "lifetime",
        "request_id",
        "request.estimate_training.catalog_revision",
        "request.estimate_training.model",
        "request.estimate_training.gpu_count",
    }
    assert "prices of now" in found["request.estimate_training.catalog_revision"]
    assert setup.store.quotes(before="", limit=9) == ()


@pytest.mark.parametrize(
    ("question", "said"),
    [
        (pb.QuoteRequest(), "FIELD_REQUIRED"),
        (
            pb.QuoteRequest(
                estimate_training=training_request(), estimate_inference=inference_request()
            ),
            "BAD_FIELD",
        ),
    ],
)
def test_exactly_one_calculator_is_asked(
    setup: Setup, question: pb.QuoteRequest, said: str
) -> None:
    status = setup.refused(pb.CreateQuoteRequest(request=question))
    assert reason(status) == said
    assert "exactly one of estimate_training" in violations(status)["request"]


@pytest.mark.parametrize("title", ["a\nb", "a\u202eb", "\x00"])
def test_a_title_has_to_print(setup: Setup, title: str) -> None:
    status = setup.refused(pb.CreateQuoteRequest(request=TRAINING, title=title))
    assert "do not print" in violations(status)["title"]


@pytest.mark.parametrize("request_id", NOT_A_REQUEST_ID)
def test_a_request_id_has_a_form(setup: Setup, request_id: str) -> None:
    status = setup.refused(pb.CreateQuoteRequest(request=TRAINING, request_id=request_id))
    assert "UUID" in violations(status)["request_id"]


def test_what_a_calculator_cannot_answer_makes_no_quote(setup: Setup) -> None:
    def cannot(*_: Any, **__: Any) -> Any:
        raise Precondition(Reason.DOES_NOT_FIT, "Too large.", metadata={"constraint": "MEMORY"})

    setup.chain = a_dispatcher(setup.source, runs=setup.store, clock=setup.clock, train=cannot)
    request = pb.CreateQuoteRequest(request=TRAINING, request_id="r1")
    assert reason(setup.refused(request)) == "DOES_NOT_FIT"
    # Faults of the request go first: they have to be mended anyway.
    wrong = pb.CreateQuoteRequest(request=TRAINING, title="x" * 201)
    assert set(violations(setup.refused(wrong))) == {"title"}
    assert setup.store.quotes(before="", limit=9) == ()
    assert setup.store.find_request("r1") is None


def test_what_is_too_large_is_refused(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    quote = setup.created()
    size = len(quote.SerializeToString()) + quotes_servicer.MOVE_BYTES
    monkeypatch.setattr(quotes_servicer, "MAX_QUOTE_BYTES", size)
    setup.created()
    monkeypatch.setattr(quotes_servicer, "MAX_QUOTE_BYTES", size - 1)
    status = setup.refused(pb.CreateQuoteRequest(request=TRAINING))
    assert (status.code, reason(status)) == (Code.FAILED_PRECONDITION, "QUOTE_TOO_LARGE")
    metadata = detail(status, error_details_pb2.ErrorInfo).metadata
    assert metadata == {"bytes": str(size), "offers": "1", "limitBytes": str(size - 1)}
    assert len(setup.store.quotes(before="", limit=9)) == 2


def test_the_largest_move_fits_into_its_room() -> None:
    price = money_pb2.Money(currency_code="USD", amount="1234567890.123456789")
    name = f"offers/{'o' * 128}"
    move = pb.QuotedOfferMove(
        offer=name,
        quoted=price,
        now=price,
        change=0.1,
        freshness="FRESHNESS_BASELINE",
        availability="AVAILABILITY_STATE_NOT_STATED",
    )
    answer = pb.GetQuoteResponse(moves=[move] * 1000)
    assert answer.ByteSize() <= 1000 * quotes_servicer.MOVE_BYTES
    assert quotes_servicer.MAX_QUOTE_BYTES < 4 * 1024 * 1024


# The other calculators, whose answers only have to name offers here


def a_servicer(setup: Setup, calculator: str, calculate: Callable[[Any], Answer]) -> QuotesServicer:
    ground = Calculator(
        source=setup.source,
        models=MODELS,
        gpus=GPUS,
        rates=EXCHANGE_RATES,
        revisions=Revisions(setup.clock),
        now=setup.clock,
    )
    return QuotesServicer(
        setup.store,
        ground,
        calculators={calculator: calculate},
        kept_for=QUOTES_KEPT_FOR,
        signer=PageTokenSigner(b"key"),
    )


def test_a_comparison_is_pinned_in_its_workload(setup: Setup) -> None:
    asked: list[compare_service_pb2.CompareOffersRequest] = []
    named = [an_offer(offer_id=f"o{i}") for i in range(3)]
    setup.source.snapshot = a_catalog(*named)

    def compare(question: compare_service_pb2.CompareOffersRequest) -> Answer:
        asked.append(question)
        answer = compare_service_pb2.CompareOffersResponse()
        for name in ("o2", "o0", "o2", "gone"):
            answer.placements.add().placement.offer = f"offers/{name}"
        answer.commitments.add().commitment.offer = "offers/o1"
        answer.rejected.add().example = "offers/o7 is sold out"
        return Answer(answer)

    question = compare_service_pb2.CompareOffersRequest()
    question.workload.training.CopyFrom(training_request())
    request = pb.CreateQuoteRequest(request=pb.QuoteRequest(compare_offers=question))
    servicer = a_servicer(setup, "compare_offers", compare)
    message: Any = servicer.create_quote(request).message

    assert asked[0].workload.training.catalog_revision == setup.source.snapshot.revision
    assert message.quote.request.compare_offers == question
    assert [offer.name for offer in message.quote.offers] == ["offers/o0", "offers/o1", "offers/o2"]

    question.workload.training.catalog_revision = "x"
    request.request.compare_offers.CopyFrom(question)
    with pytest.raises(InvalidRequest) as raised:
        servicer.create_quote(request)
    (violation,) = raised.value.violations
    assert violation.field == "request.compare_offers.workload.training.catalog_revision"


def test_build_vs_buy_is_pinned_itself(setup: Setup) -> None:
    asked: list[build_vs_buy_service_pb2.AnalyzeBuildVsBuyRequest] = []

    def analyze(question: build_vs_buy_service_pb2.AnalyzeBuildVsBuyRequest) -> Answer:
        asked.append(question)
        answer = build_vs_buy_service_pb2.AnalyzeBuildVsBuyResponse()
        answer.offers_used.add().offer = f"offers/{OFFER.offer_id}"
        return Answer(answer)

    request = pb.CreateQuoteRequest()
    request.request.analyze_build_vs_buy.demand.gpu_model = "h100-sxm-80gb"
    message: Any = a_servicer(setup, "analyze_build_vs_buy", analyze).create_quote(request).message
    assert asked[0].catalog_revision == setup.source.snapshot.revision
    assert [offer.name for offer in message.quote.offers] == [f"offers/{OFFER.offer_id}"]


# Request ids


def test_the_same_request_id_with_the_same_request_gives_the_same_quote(setup: Setup) -> None:
    request = pb.CreateQuoteRequest(request=TRAINING, title="t", request_id="r-1_A")
    first = setup.answer(request)
    assert IDEMPOTENCY_REPLAYED not in first.metadata
    setup.move_price(an_offer(price="9.99"))
    setup.clock.advance(DAY - timedelta(seconds=1))
    again = setup.answer(request)
    assert again.metadata[IDEMPOTENCY_REPLAYED] == "true"
    assert again.to_proto_bytes() == first.to_proto_bytes()
    assert len(setup.train.asked) == 1
    setup.clock.advance(timedelta(seconds=1))
    assert setup.answer(request).to_proto_bytes() != first.to_proto_bytes()


def test_a_request_id_belongs_to_one_request(setup: Setup) -> None:
    setup.created(request_id="r1")
    status = setup.refused(pb.CreateQuoteRequest(request=TRAINING, title="t", request_id="r1"))
    assert (status.code, reason(status)) == (Code.FAILED_PRECONDITION, "REQUEST_ID_REUSED")
    assert detail(status, error_details_pb2.ErrorInfo).metadata["requestId"] == "r1"
    assert len(setup.store.quotes(before="", limit=9)) == 1


def test_without_a_request_id_every_request_makes_a_quote(setup: Setup) -> None:
    assert setup.created().name != setup.created().name


def test_of_equal_requests_at_once_one_makes_the_quote(setup: Setup) -> None:
    request = pb.CreateQuoteRequest(request=TRAINING, request_id="r1")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: setup.answer(request), range(8)))
    assert len({answer.to_proto_bytes() for answer in answers}) == 1
    assert [IDEMPOTENCY_REPLAYED in answer.metadata for answer in answers].count(False) == 1
    assert len(setup.store.quotes(before="", limit=9)) == 1


def test_of_two_at_once_the_one_that_is_kept_second_answers_with_the_first(setup: Setup) -> None:
    request = pb.CreateQuoteRequest(request=TRAINING, request_id="r1")
    meanwhile: list[Answer] = []

    class Overtaken(FakeTraining):
        def __call__(self, question: Any, **known: Any) -> Any:
            if not meanwhile:
                meanwhile.append(Answer(pb.CreateQuoteResponse()))
                meanwhile[0] = setup.answer(request)
            return super().__call__(question, **known)

    setup.chain = a_dispatcher(setup.source, runs=setup.store, clock=setup.clock, train=Overtaken())
    second = setup.answer(request)
    assert second.metadata[IDEMPOTENCY_REPLAYED] == "true"
    assert second.to_proto_bytes() == meanwhile[0].to_proto_bytes()


# Looking at one


def test_a_quote_is_read_as_it_was_made_and_shows_what_moved(setup: Setup) -> None:
    quote = setup.created()
    setup.move_price(an_offer(price="4.98"))
    answer = setup.answer(pb.GetQuoteRequest(name=quote.name))
    found: Any = answer.message
    assert found.quote.SerializeToString(deterministic=True) == quote.SerializeToString(
        deterministic=True
    )
    document = setup.store.find_quote(quote.name.removeprefix("quotes/"))
    assert document is not None
    assert document in answer.to_proto_bytes()
    assert document == quote.SerializeToString(deterministic=True)
    (move,) = found.moves
    assert move.offer == f"offers/{OFFER.offer_id}"
    assert (move.quoted.amount, move.now.amount, move.change) == ("2.49", "4.98", 1.0)
    assert list(found.caveats) == []
    now = setup.source.snapshot
    assert found.catalog_revision == now.revision != quote.catalog_revision
    assert found.as_of.ToDatetime(tzinfo=NOW.tzinfo) == now.as_of


@pytest.mark.parametrize(
    ("moved", "freshness", "availability"),
    [
        (an_offer(availability=SOLD_OUT), "FRESH", "SOLD_OUT"),
        (an_offer(standing=Standing.PROVISIONAL), "PROVISIONAL", "NOT_STATED"),
    ],
)
def test_a_price_of_now_says_how_far_it_goes(
    setup: Setup, moved: Any, freshness: str, availability: str
) -> None:
    name = setup.created().name
    setup.move_price(moved)
    (move,) = setup.ask(pb.GetQuoteRequest(name=name)).moves
    assert offer_pb2.Freshness.Name(move.freshness) == f"FRESHNESS_{freshness}"
    state = offer_pb2.AvailabilityState.Name(move.availability)
    assert state == f"AVAILABILITY_STATE_{availability}"


def test_what_lists_say_of_prices_is_said_of_the_prices_of_now(setup: Setup) -> None:
    name = setup.created().name
    setup.source.snapshot = a_catalog(OFFER, baseline=frozenset({OFFER.provider}))
    (caveat,) = setup.ask(pb.GetQuoteRequest(name=name)).caveats
    assert caveat.code == "BASELINE_PRICES"


def test_what_did_not_move_has_a_change_of_zero(setup: Setup) -> None:
    name = setup.created().name
    (move,) = setup.ask(pb.GetQuoteRequest(name=name)).moves
    assert move.HasField("change")
    assert move.change == 0


@pytest.mark.parametrize(
    "offers", [(), (an_offer(delist_time=NOW),)], ids=["forgotten", "delisted"]
)
def test_an_offer_that_is_no_longer_listed_has_no_price_now(setup: Setup, offers: Any) -> None:
    name = setup.created().name
    setup.move_price(*offers)
    found = setup.ask(pb.GetQuoteRequest(name=name))
    (move,) = found.moves
    assert move.quoted.amount == "2.49"
    assert not move.HasField("now")
    assert not move.HasField("change")
    assert not move.freshness
    assert not move.availability
    (caveat,) = found.caveats
    assert caveat.code == "QUOTED_OFFERS_GONE"
    assert caveat.message == f"1 of 1 offers are no longer listed: offers/{OFFER.offer_id}."


def test_a_quote_that_has_expired_says_so(setup: Setup) -> None:
    quote = setup.created(lifetime=Duration(seconds=60))
    setup.clock.advance(timedelta(seconds=59))
    assert not setup.ask(pb.GetQuoteRequest(name=quote.name)).caveats
    setup.clock.advance(timedelta(seconds=1))
    found = setup.ask(pb.GetQuoteRequest(name=quote.name))
    (caveat,) = found.caveats
    assert caveat.code == "QUOTE_EXPIRED"
    assert quote.expire_time.ToJsonString() in caveat.message
    assert found.quote == quote


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("quotes/none", Code.NOT_FOUND, "QUOTE_NOT_FOUND"),
        ("offers/none", Code.INVALID_ARGUMENT, "BAD_NAME"),
    ],
)
def test_a_name_that_is_none_is_refused(setup: Setup, name: str, code: int, said: str) -> None:
    status = setup.refused(pb.GetQuoteRequest(name=name))
    assert (status.code, reason(status)) == (code, said)
    if code == Code.NOT_FOUND:
        info = detail(status, error_details_pb2.ResourceInfo)
        assert (info.resource_type, info.resource_name) == ("gpuquote.v1.Quote", name)


# Lists


def three_quotes(setup: Setup) -> None:
    for title in ("Llama fine-tune, March", "llama serving", "diffusion, March"):
        setup.created(title=title)
        setup.clock.advance(timedelta(hours=1))


def test_quotes_are_listed_newest_first_without_answers_and_offers(setup: Setup) -> None:
    three_quotes(setup)
    answer = setup.ask(pb.ListQuotesRequest())
    assert answer.next_page_token == ""
    newest = answer.quotes[0]
    assert newest.title == "diffusion, March"
    assert newest.request == TRAINING
    assert newest.HasField("expire_time")
    assert not newest.HasField("answer")
    assert not newest.offers
    assert setup.listed() == ["diffusion, March", "llama serving", "Llama fine-tune, March"]


@pytest.mark.parametrize(
    ("query", "count"), [("LLAMA", 2), ("march llama", 1), ("llam", 0), ("march", 2)]
)
def test_words_of_the_title_find_quotes(setup: Setup, query: str, count: int) -> None:
    three_quotes(setup)
    assert len(setup.listed(query=query)) == count


@pytest.mark.parametrize("query", ["", "llama"])
def test_pages_join_to_the_whole_list(setup: Setup, query: str) -> None:
    three_quotes(setup)
    whole, token = setup.listed(query=query), ""
    pages: list[str] = []
    while True:
        request = pb.ListQuotesRequest(page_size=1, page_token=token, query=query)
        answer = setup.ask(request)
        pages.extend(quote.title for quote in answer.quotes)
        token = answer.next_page_token
        if not token:
            break
    assert pages == whole


def test_expired_ones_are_left_out_unless_asked_for(setup: Setup) -> None:
    setup.created(title="long", lifetime=Duration(seconds=7_776_000))
    setup.created(title="short", lifetime=Duration(seconds=60))
    setup.clock.advance(timedelta(seconds=60))
    assert setup.listed() == ["long"]
    assert set(setup.listed(include_expired=True)) == {"long", "short"}
    setup.clock.advance(timedelta(days=90))
    assert setup.listed() == []
    assert len(setup.listed(include_expired=True)) == 2


def test_a_long_search_ends_early_and_goes_on_where_it_ended(
    setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    three_quotes(setup)
    monkeypatch.setattr(quotes_servicer, "SCANNED_PER_PAGE", 1)
    request = pb.ListQuotesRequest(page_size=1, query="fine")
    first = setup.ask(request)
    assert not first.quotes
    assert first.next_page_token
    request.page_token = first.next_page_token
    second = setup.ask(request)
    assert [quote.title for quote in second.quotes] == ["Llama fine-tune, March"]
    assert second.next_page_token == ""


def test_a_large_page_ends_early(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    three_quotes(setup)
    monkeypatch.setattr(quotes_servicer, "MAX_PAGE_BYTES", 1)
    answer = setup.ask(pb.ListQuotesRequest())
    assert len(answer.quotes) == 1
    assert len(setup.listed(page_token=answer.next_page_token)) == 1


def test_a_large_page_is_read_in_parts(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    three_quotes(setup)
    whole = setup.listed()
    monkeypatch.setattr(quotes_servicer, "HEADS_PER_READ", 1)
    assert setup.listed() == whole
    first = setup.ask(pb.ListQuotesRequest(page_size=2))
    assert [quote.title for quote in first.quotes] == whole[:2]
    assert setup.listed(page_size=2, page_token=first.next_page_token) == whole[2:]


def test_a_quote_that_is_made_meanwhile_moves_no_page(setup: Setup) -> None:
    three_quotes(setup)
    whole = setup.listed()
    token = setup.ask(pb.ListQuotesRequest(page_size=1)).next_page_token
    setup.created(title="made meanwhile")
    assert setup.listed(page_token=token) == whole[1:]


def test_a_token_that_was_changed_or_is_of_another_list_is_refused(setup: Setup) -> None:
    three_quotes(setup)
    token = setup.ask(pb.ListQuotesRequest(page_size=1)).next_page_token
    for at, character in enumerate(token):
        other = "A" if character != "A" else "B"
        request = pb.ListQuotesRequest(page_token=token[:at] + other + token[at + 1 :])
        assert reason(setup.refused(request)) == "BAD_PAGE_TOKEN"
    other_list = collection_service_pb2.ListCollectionRunsRequest(page_token=token)
    with pytest.raises(RpcError) as raised:
        setup.chain.call("/gpuquote.v1.CollectionService/ListCollectionRuns", other_list, Call())
    assert reason(raised.value.status) == "PAGE_TOKEN_MISMATCH"
    assert len(setup.listed(page_token=token)) == 2


def test_what_is_wrong_with_a_list_is_told_at_once(setup: Setup) -> None:
    status = setup.refused(pb.ListQuotesRequest(page_size=-1, page_token="x", query="--"))
    assert set(violations(status)) == {"page_size", "page_token", "query"}
    three_quotes(setup)
    token = setup.ask(pb.ListQuotesRequest(page_size=1)).next_page_token
    other = setup.refused(pb.ListQuotesRequest(page_token=token, query="llama"))
    assert reason(other) == "PAGE_TOKEN_MISMATCH"


# A store that is away


class LostStore(MemoryStore):
    """A store whose quotes are out of reach."""

    def find_quote(self, quote_id: str) -> bytes | None:
        raise StoreUnreachable(f"gone with {quote_id}")

    def quotes(self, *, before: str, limit: int) -> Any:
        raise StoreUnreachable(f"gone below {before} {limit}")

    def create_quote(self, quote: Quote, *, request_id: str = "", digest: str = "") -> Any:
        raise StoreUnreachable(f"gone with {quote.head.quote_id} {request_id} {digest}")


def test_without_the_store_nothing_is_acknowledged() -> None:
    setup = Setup(LostStore())
    for request in (
        pb.CreateQuoteRequest(request=TRAINING),
        pb.GetQuoteRequest(name="quotes/q1"),
        pb.ListQuotesRequest(),
    ):
        status = setup.refused(request)
        assert (status.code, reason(status)) == (Code.UNAVAILABLE, "STORE_UNREACHABLE")
        assert detail(status, error_details_pb2.RetryInfo).retry_delay.seconds > 0


class FullStore(MemoryStore):
    """A store without room for quotes."""

    def create_quote(self, quote: Quote, *, request_id: str = "", digest: str = "") -> Any:
        raise StoreFull(f"full, without {quote.head.quote_id} {request_id} {digest}")


def test_without_room_nothing_is_acknowledged() -> None:
    setup = Setup(FullStore())
    status = setup.refused(pb.CreateQuoteRequest(request=TRAINING))
    assert (status.code, reason(status)) == (Code.RESOURCE_EXHAUSTED, "QUOTE_STORE_FULL")
    assert detail(status, error_details_pb2.RetryInfo).retry_delay.seconds == 3600


class ForgetfulStore(MemoryStore):
    """A store in which a request id outlives its quote between two steps."""

    def create_quote(self, quote: Quote, *, request_id: str = "", digest: str = "") -> Any:
        return KeptRequest(digest=digest, quote_id=f"before-{quote.head.quote_id}-{request_id}")


def test_what_was_not_kept_is_never_acknowledged() -> None:
    setup = Setup(ForgetfulStore())
    status = setup.refused(pb.CreateQuoteRequest(request=TRAINING, request_id="r1"))
    assert (status.code, reason(status)) == (Code.UNAVAILABLE, "STORE_UNREACHABLE")


class DamagedStore(MemoryStore):
    """A store in which a quote is there, but cannot be read."""

    def find_quote(self, quote_id: str) -> bytes | None:
        raise UnreadableQuote(quote_id)


def test_a_damaged_quote_is_a_fault_of_ours_and_not_one_that_never_was() -> None:
    status = Setup(DamagedStore()).refused(pb.GetQuoteRequest(name="quotes/q1"))
    assert (status.code, reason(status)) == (Code.INTERNAL, "INTERNAL")


def test_moves_are_not_told_from_a_catalogue_that_is_not_there(setup: Setup) -> None:
    name = setup.created().name
    setup.source.snapshot = a_catalog()
    setup.source.ready = Readiness(status=ReadyStatus.UNAVAILABLE, reasons=(ReadyReason.STARTING,))
    assert reason(setup.refused(pb.GetQuoteRequest(name=name))) == "STORE_UNREACHABLE"
