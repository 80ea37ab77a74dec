"""Reading everything that a provider offers."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from scrapers.errors import Blocked, CollectError, NotRecorded, Unreachable
from scrapers.normalize import Normalizer
from scrapers.page import Page
from scrapers.provider import Provider, RawOffer, Reject, Request
from scrapers.reading import Reader, Reading, Step, Tally, first_cause
from scrapers.ticket import Abandoned, Ticket
from service.facts.tables import load_exchange_rates, load_gpu_registry
from tests.scrapers.nimbus import (
    HOST,
    NOW,
    Answer,
    Clock,
    FakeFetcher,
    a_page,
    a_provider,
    a_row,
    a_zoned_provider,
    parse_rows,
)

REGISTRY = load_gpu_registry()
RECORDED = NOW - timedelta(days=40)


class Bench:
    """A reader over a fake fetcher."""

    def __init__(self, answers: dict[str, Answer], provider: Provider | None = None) -> None:
        self.provider = provider or a_provider()
        self.tally = Tally()
        self.ticket = Ticket()
        self.steps: list[Step] = []
        self.fetcher = FakeFetcher(answers, observe_time=RECORDED)
        self.reader = Reader(
            fetcher=self.fetcher,
            normalizer=Normalizer(registry=REGISTRY, rates=load_exchange_rates()),
            clock=Clock(),
            replayed=True,
        )

    def read(self, *, dated: bool = False) -> Reading:
        return self.reader.read(
            self.provider,
            tally=self.tally,
            ticket=self.ticket,
            on_step=self.steps.append,
            dated=dated,
        )


def test_offers_of_a_replay_are_seen_now_and_say_so() -> None:
    (offer,) = Bench({f"{HOST}/nimbus": a_page(a_row())}).read().offers
    assert offer.observe_time == NOW
    assert offer.replayed


def test_dated_offers_have_the_date_of_their_page() -> None:
    (offer,) = Bench({f"{HOST}/nimbus": a_page(a_row())}).read(dated=True).offers
    assert offer.observe_time == RECORDED
    assert not offer.replayed


def test_rows_left_out_for_what_they_are_do_not_count_as_unread() -> None:
    """Else a page that sells other GPUs too would look like one that can no longer be read."""
    rows = (
        a_row("fine"),
        a_row("other", gpu="Quantum 9000"),
        a_row("sales", price=""),
        a_row("odd", price="$2,49x"),
        a_row("twice", price="2.49"),
        a_row("twice", price="2.59"),
    )
    reading = Bench({f"{HOST}/nimbus": a_page(*rows)}).read()
    assert len(reading.rejects) == 5
    assert reading.unread_count == 3


def test_a_row_that_its_parser_saw_contradict_itself_counts_as_unread() -> None:
    provider = a_provider()

    @provider.parses("prices")
    def parse(page: Page) -> Iterator[RawOffer | Reject]:
        yield Reject(reason="PRICE_CONFLICT", text="3.99 or 4.99")
        yield Reject(reason="NOT_OFFERED", text="sold out")
        yield from parse_rows(page)

    reading = Bench({f"{HOST}/nimbus": a_page(a_row())}, provider).read()
    assert (len(reading.offers), len(reading.rejects), reading.unread_count) == (1, 2, 1)


def test_parts_that_were_read_whole_are_told_from_the_others() -> None:
    bench = Bench(
        {f"{HOST}/paris": a_page(a_row("p")), f"{HOST}/oslo": a_page()},
        a_zoned_provider("paris", "warsaw", "oslo"),
    )
    reading = bench.read()
    assert reading.complete_parts == {"paris", "oslo"}
    assert reading.missing_parts == bench.tally.missing_parts == ("warsaw",)


def test_no_answer_at_all_raises_the_first_cause() -> None:
    bench = Bench({f"{HOST}/paris": Unreachable("timed out")}, a_zoned_provider("warsaw", "paris"))
    with pytest.raises(Unreachable, match="timed out"):
        bench.read()
    assert bench.tally.missing_parts == ("warsaw", "paris")


def test_a_provider_without_parts_finds_nothing() -> None:
    with pytest.raises(CollectError, match="no parts"):
        Bench({}, a_provider(pages={})).read()


def test_progress_is_told_page_by_page() -> None:
    bench = Bench(
        {f"{HOST}/paris": a_page(a_row("p")), f"{HOST}/warsaw": a_page()},
        a_zoned_provider("paris", "warsaw"),
    )
    bench.read()
    counts = [(step.parts_done, step.page_count) for step in bench.steps]
    assert counts == [(0, 1), (1, 1), (1, 2), (2, 2)]
    assert bench.steps[-1].part_count == 2
    assert bench.steps[-1].byte_count == bench.tally.byte_count > 0


def test_an_abandoned_run_asks_no_further() -> None:
    bench = Bench({f"{HOST}/nimbus": a_page(a_row())})
    bench.ticket.abandon()
    with pytest.raises(Abandoned):
        bench.read()
    assert bench.tally.page_count == 0


def test_what_was_never_recorded_explains_least() -> None:
    unrecorded, blocked = NotRecorded("none"), Blocked("403")
    assert first_cause([unrecorded, blocked]) is blocked
    assert first_cause([unrecorded]) is unrecorded


def test_a_provider_has_a_recording_if_one_of_its_requests_has() -> None:
    bench = Bench({f"{HOST}/paris": a_page()})
    assert bench.reader.has_recording(a_zoned_provider("warsaw", "paris"))
    assert not bench.reader.has_recording(a_zoned_provider("warsaw"))


def test_what_needs_a_key_that_is_not_set_is_neither_asked_for_nor_missing() -> None:
    keyed = Request(url=f"{HOST}/api", headers={"X-Api-Key": "{NIMBUS_KEY}"})
    bench = Bench(
        {f"{HOST}/page": a_page(a_row("a")), f"{HOST}/api": a_page(a_row("b"))},
        a_provider(pages={}, parts={"page": {"prices": f"{HOST}/page"}, "api": {"prices": keyed}}),
    )
    assert {offer.sku for offer in bench.read().offers} == {"a", "b"}
    bench.reader = Reader(
        fetcher=bench.fetcher,
        normalizer=Normalizer(registry=REGISTRY, rates=load_exchange_rates()),
        clock=Clock(),
        replayed=False,
        keys=frozenset({"OTHER_KEY"}),
    )
    bench.fetcher.asked.clear()
    reading = bench.read()
    assert {offer.sku for offer in reading.offers} == {"a"}
    assert reading.missing == ()
    assert bench.fetcher.asked == [f"{HOST}/page"]
