"""Reading one part: pages followed, kinds joined, repeats dropped."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapers import parsing
from scrapers.errors import Blocked, NotRecorded, PageChanged, Unreachable, UnsafeResponse
from scrapers.page import Page
from scrapers.parts import MAX_PAGES, PartReading, PrintedRow, read_part, without_repeats
from scrapers.provider import Provider, RawOffer, Reject, Request
from tests.scrapers.nimbus import (
    HOST,
    NOW,
    Answer,
    FakeFetcher,
    a_page,
    a_provider,
    a_row,
    parse_rows,
)

FIRST = f"{HOST}/nimbus"


def read(answers: Mapping[str, Answer], provider: Provider | None = None) -> PartReading:
    provider = provider or a_provider()
    (part,) = provider.all_parts()
    return read_part(provider, part, fetcher=FakeFetcher(answers))


def skus(reading: PartReading) -> list[str]:
    return [row.raw.sku for row in reading.rows]


def page_number(number: int) -> str:
    return f"{FIRST}?page={number}" if number > 1 else FIRST


def test_next_pages_are_followed_until_none_is_new() -> None:
    reading = read(
        {
            FIRST: a_page(a_row("a"), next=page_number(2)),
            page_number(2): a_page(a_row("b"), next=FIRST),
        }
    )
    assert skus(reading) == ["a", "b"]
    assert reading.error is None
    assert reading.page_count == 2


def test_pages_that_bring_no_new_row_end_the_walk() -> None:
    """A server that ignores the page number gives the first page for ever."""
    answers = {page_number(n): a_page(a_row(), next=page_number(n + 1)) for n in range(1, 50)}
    reading = read(answers)
    assert reading.page_count == 2
    assert reading.error is None


def test_a_page_without_rows_does_not_end_the_walk() -> None:
    reading = read(
        {
            FIRST: a_page(a_row("a"), next=page_number(2)),
            page_number(2): a_page(next=page_number(3)),
            page_number(3): a_page(a_row("c")),
        }
    )
    assert skus(reading) == ["a", "c"]


def test_a_walk_that_does_not_end_is_cut_and_counts_as_incomplete() -> None:
    answers = {
        page_number(n): a_page(a_row(f"sku-{n}"), next=page_number(n + 1)) for n in range(1, 150)
    }
    reading = read(answers)
    assert len(reading.rows) == MAX_PAGES
    assert isinstance(reading.error, UnsafeResponse)


def test_a_walk_of_just_as_many_pages_as_allowed_is_whole() -> None:
    answers = {
        page_number(n): a_page(
            a_row(f"sku-{n}"), **({"next": page_number(n + 1)} if n < MAX_PAGES else {})
        )
        for n in range(1, MAX_PAGES + 1)
    }
    assert read(answers).error is None


def test_rows_of_pages_before_an_error_are_kept() -> None:
    reading = read(
        {FIRST: a_page(a_row("a"), next=page_number(2)), page_number(2): Unreachable("no")}
    )
    assert skus(reading) == ["a"]
    assert isinstance(reading.error, Unreachable)


def test_a_page_that_its_parser_gave_up_on_gives_nothing() -> None:
    broken = a_page(a_row("b"), {"gpu": "a row without a sku"})
    reading = read({FIRST: a_page(a_row("a"), next=page_number(2)), page_number(2): broken})
    assert skus(reading) == ["a"]
    assert isinstance(reading.error, PageChanged)


def test_a_parser_that_never_ends_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parsing, "MAX_ROWS", 1_000)
    provider = a_provider()

    @provider.parses("prices")
    def parse(page: Page) -> Iterator[RawOffer | Reject]:
        (row,) = parse_rows(page)
        assert isinstance(row, RawOffer)
        return (replace(row, sku=str(number)) for number in count())

    reading = read({FIRST: a_page(a_row())}, provider)
    assert isinstance(reading.error, UnsafeResponse)
    assert "1000 rows" in str(reading.error)


def test_what_was_never_recorded_is_not_asked() -> None:
    fetcher = FakeFetcher({})
    provider = a_provider()
    (part,) = provider.all_parts()
    reading = read_part(provider, part, fetcher=fetcher)
    assert isinstance(reading.error, NotRecorded)
    assert fetcher.asked == []


def a_joined_provider() -> Provider:
    """Build a provider of which every row needs its stock page."""
    provider = a_provider()
    provider.parsers.clear()
    provider.pages = {"names": f"{HOST}/names", "stock": f"{HOST}/stock"}
    provider.followers["names"] = provider.followers.pop("prices")

    @provider.joins("names", "stock")
    def join(names: tuple[Page, ...], stock: tuple[Page, ...]) -> Iterator[RawOffer | Reject]:
        state = stock[0].json.text_of("state")
        for page in names:
            for row in parse_rows(page):
                yield replace(row, stock=state) if isinstance(row, RawOffer) else row

    return provider


def a_provider_with_a_keyed_stock() -> Provider:
    """Build a provider whose page is read alone, or with its stock and its limits."""
    provider = a_provider(
        pages={
            "prices": f"{HOST}/prices",
            "stock": Request(url=f"{HOST}/stock", headers={"X-Api-Key": "{NIMBUS_KEY}"}),
            "limits": Request(url=f"{HOST}/limits", headers={"X-Api-Key": "{LIMITS_KEY}"}),
        }
    )

    @provider.joins("prices", "stock")
    def with_stock(
        prices: tuple[Page, ...], stock: tuple[Page, ...]
    ) -> Iterator[RawOffer | Reject]:
        state = stock[0].json.text_of("state")
        for row in parse_rows(prices[0]):
            yield replace(row, stock=state) if isinstance(row, RawOffer) else row

    @provider.joins("prices", "stock", "limits")
    def with_limits(
        prices: tuple[Page, ...], stock: tuple[Page, ...], limits: tuple[Page, ...]
    ) -> Iterator[RawOffer | Reject]:
        for row in with_stock(prices, stock):
            most = limits[0].json.text_of("most")
            yield replace(row, max_cluster_gpu_count=most) if isinstance(row, RawOffer) else row

    return provider


RECORDED = {
    "prices": a_page(a_row()),
    "stock": a_page(state="scarce"),
    "limits": a_page(most="64"),
}


@pytest.mark.parametrize(
    ("recorded", "found"),
    [
        (["prices"], (None, "")),
        (["prices", "stock"], ("scarce", "")),
        (["prices", "limits"], (None, "")),
        (["prices", "stock", "limits"], ("scarce", "64")),
    ],
)
def test_a_recording_is_read_by_the_widest_join_that_it_holds_whole(
    recorded: list[str], found: tuple[str | None, str]
) -> None:
    answers = {f"{HOST}/{kind}": RECORDED[kind] for kind in recorded}
    reading = read(answers, a_provider_with_a_keyed_stock())
    assert reading.error is None
    assert [(row.raw.stock, row.raw.max_cluster_gpu_count) for row in reading.rows] == [found]


def test_a_recording_without_the_page_misses_it() -> None:
    reading = read({f"{HOST}/stock": RECORDED["stock"]}, a_provider_with_a_keyed_stock())
    assert isinstance(reading.error, NotRecorded)
    assert reading.rows == ()


def test_a_stock_that_does_not_answer_fails_the_part_rather_than_dropping_the_stock() -> None:
    answers: dict[str, Answer] = {f"{HOST}/{kind}": page for kind, page in RECORDED.items()}
    answers[f"{HOST}/stock"] = Blocked("the key is not known")
    reading = read(answers, a_provider_with_a_keyed_stock())
    assert isinstance(reading.error, Blocked)
    assert reading.rows == ()


@pytest.mark.parametrize(
    ("keys", "kinds"),
    [
        ((), ["prices"]),
        (("NIMBUS_KEY",), ["prices", "stock"]),
        (("LIMITS_KEY",), ["prices"]),
        (("NIMBUS_KEY", "LIMITS_KEY"), ["prices", "stock", "limits"]),
        (None, ["prices", "stock", "limits"]),
    ],
)
def test_live_the_keys_that_are_set_decide_and_the_part_keeps_its_name(
    keys: tuple[str, ...] | None, kinds: list[str]
) -> None:
    (part,) = a_provider_with_a_keyed_stock().all_parts(keys=keys)
    assert part.name == "prices"
    assert list(part.requests) == kinds


def test_a_joined_row_stands_on_the_page_that_it_names() -> None:
    provider = a_provider(pages={"names": f"{HOST}/names", "stock": f"{HOST}/stock"})
    provider.parsers.clear()

    @provider.joins("names", "stock")
    def join(names: tuple[Page, ...], stock: tuple[Page, ...]) -> Iterator[RawOffer | Reject]:
        del names
        yield RawOffer(sku="a", gpu="H100", price="1")
        yield RawOffer(sku="b", gpu="H100", price="1", printed_on=stock[0].kind)

    reading = read({f"{HOST}/names": "{}", f"{HOST}/stock": "{}"}, provider)
    assert [row.page.kind for row in reading.rows] == ["names", "stock"]


def test_a_page_in_the_place_of_data_is_no_answer() -> None:
    """A login page with 200: what the contract of the data declares does not hold for it."""

    class LoginPage(FakeFetcher):
        def fetch(self, request: Request, *, provider: Provider, kind: str, part: str) -> Page:
            page = super().fetch(request, provider=provider, kind=kind, part=part)
            return replace(page, content_type="text/html")

    provider = a_provider()
    (part,) = provider.all_parts()
    reading = read_part(provider, part, fetcher=LoginPage({FIRST: a_page(a_row())}))
    assert isinstance(reading.error, PageChanged)
    assert reading.rows == ()


def test_joins_of_one_page_with_different_others_have_names_of_their_own() -> None:
    provider = a_provider(pages={kind: f"{HOST}/{kind}" for kind in ("prices", "stock", "limits")})
    provider.joins("prices", "stock")(lambda *_: iter(()))
    provider.joins("prices", "limits")(lambda *_: iter(()))
    assert [part.name for part in provider.all_parts()] == ["prices+stock", "prices+limits"]


def test_a_part_that_no_parser_can_do_with_is_not_asked() -> None:
    """Its answer would be a whole part without rows: everything in it would vanish."""
    keyed = Request(url=f"{HOST}/stock", headers={"X-Api-Key": "{NIMBUS_KEY}"})
    provider = a_joined_provider()
    provider.pages = {}
    provider.parts = {"paris": {"names": f"{HOST}/names", "stock": keyed}}
    assert provider.all_parts(keys=()) == ()
    assert [part.name for part in provider.all_parts(keys=("NIMBUS_KEY",))] == ["paris"]


def test_a_join_gets_all_pages_of_all_kinds() -> None:
    names, more = f"{HOST}/names", f"{HOST}/names?page=2"
    reading = read(
        {
            names: a_page(a_row("a"), next=more),
            more: a_page(a_row("b")),
            f"{HOST}/stock": a_page(state="scarce"),
        },
        a_joined_provider(),
    )
    assert [(row.raw.sku, row.raw.stock) for row in reading.rows] == [
        ("a", "scarce"),
        ("b", "scarce"),
    ]
    assert {row.page.url for row in reading.rows} == {names}


def test_a_join_is_not_read_with_a_kind_missing() -> None:
    """Without its stock page a row would wrongly say that the stock is not stated."""
    names = {f"{HOST}/names": a_page(a_row("a"))}
    for stock in ({}, {f"{HOST}/stock": Blocked("403")}):
        reading = read({**names, **stock}, a_joined_provider())
        assert reading.rows == ()
        assert reading.error


def test_a_join_misses_a_later_page_that_was_never_recorded() -> None:
    reading = read(
        {
            f"{HOST}/names": a_page(a_row("a"), next=f"{HOST}/names?page=2"),
            f"{HOST}/stock": a_page(state="scarce"),
        },
        a_joined_provider(),
    )
    assert [row.raw.sku for row in reading.rows] == ["a"]
    assert isinstance(reading.error, NotRecorded)


def test_a_cause_is_shown_rather_than_what_was_never_recorded() -> None:
    provider = a_provider(pages={}, parts={"zone": {"a": f"{HOST}/a", "b": f"{HOST}/b"}})
    provider.parsers.clear()
    provider.parses("a")(parse_rows)
    provider.parses("b")(parse_rows)
    reading = read({f"{HOST}/b": Blocked("403")}, provider)
    assert isinstance(reading.error, Blocked)


def a_raw(sku: str, price: str) -> PrintedRow:
    page = Page("prices", "prices", FIRST, "", "application/json", NOW)
    return PrintedRow(raw=RawOffer(sku=sku, gpu="H100", price=price), page=page)


def test_exact_repeats_are_one_row() -> None:
    assert without_repeats([a_raw("a", "1"), a_raw("a", "1")]) == ((a_raw("a", "1"),), ())


def test_repeats_that_contradict_each_other_are_all_refused() -> None:
    rows, rejects = without_repeats([a_raw("a", "1"), a_raw("b", "1"), a_raw("a", "2")])
    assert rows == (a_raw("b", "1"),)
    assert [(reject.reason, reject.text) for reject in rejects] == [
        ("DUPLICATE", "sku=a price=1"),
        ("DUPLICATE", "sku=a price=2"),
    ]


@given(st.lists(st.builds(a_raw, st.sampled_from("abc"), st.sampled_from("123")), max_size=12))
def test_no_key_is_ever_kept_twice_and_none_vanishes_without_a_word(rows: list[PrintedRow]) -> None:
    kept, rejects = without_repeats(rows)
    keys = [row.key for row in kept]
    assert len(keys) == len(set(keys))
    refused = {reject.text.split()[0].removeprefix("sku=") for reject in rejects}
    assert {row.raw.sku for row in rows} == {row.raw.sku for row in kept} | refused


def test_what_a_contract_declares_does_not_hold_for_an_html_page() -> None:
    class HtmlFetcher(FakeFetcher):
        def fetch(self, request: Request, *, provider: Provider, kind: str, part: str) -> Page:
            page = super().fetch(request, provider=provider, kind=kind, part=part)
            return replace(page, content_type="text/html")

    provider = a_provider()
    (part,) = provider.all_parts()
    reading = read_part(provider, part, fetcher=HtmlFetcher({FIRST: a_page(a_row())}))
    assert isinstance(reading.error, PageChanged)
    assert reading.rows == ()
