"""Reading one part: pages followed, kinds joined, repeats dropped."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapers import parts
from scrapers.errors import Blocked, NotRecorded, PageChanged, Unreachable, UnsafeResponse
from scrapers.page import Page
from scrapers.parts import MAX_PAGES, PartReading, Row, read_part, without_repeats
from scrapers.provider import Provider, RawOffer, Reject
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
    monkeypatch.setattr(parts, "MAX_ROWS", 1_000)
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


def a_raw(sku: str, price: str) -> Row:
    page = Page("prices", "prices", FIRST, "", "application/json", NOW)
    return Row(raw=RawOffer(sku=sku, gpu="H100", price=price), page=page)


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
def test_no_key_is_ever_kept_twice_and_none_vanishes_without_a_word(rows: list[Row]) -> None:
    kept, rejects = without_repeats(rows)
    keys = [row.key for row in kept]
    assert len(keys) == len(set(keys))
    refused = {reject.text.split()[0].removeprefix("sku=") for reject in rejects}
    assert {row.raw.sku for row in rows} == {row.raw.sku for row in kept} | refused
