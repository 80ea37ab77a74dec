"""Listing offers."""

from datetime import timedelta
from functools import cmp_to_key
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.catalog.query import OfferPage, OfferQuery, list_offers, touched_providers
from service.catalog.snapshot import Snapshot, segment_of
from service.domain.errors import InvalidRequest, Precondition, Reason
from service.domain.filter import Node, parse_filter
from service.domain.offer import Offer, PurchaseModel
from service.domain.offer_fields import FIELDS, Kind
from service.domain.order import DEFAULT_ORDER, OrderKey, parse_order
from tests.builders import NOW, a_snapshot, an_offer
from tests.service.catalog.samples import (
    RATES,
    SIGNER,
    Told,
    catalogue,
    catalogues,
    encode,
    holds,
    nodes,
    offers,
    snapshot_of,
    told,
    value_of,
)


def ask(snapshot: Snapshot, text: str = "", **arguments: Any) -> OfferPage:
    node = parse_filter(text) if text else None
    query = OfferQuery(**({"filter": node} | arguments))
    return list_offers(snapshot, query, signer=SIGNER, rates=RATES, now=NOW)


def ids(page: OfferPage) -> list[str]:
    return [row.offer.offer_id for row in page.rows]


def all_pages(snapshot: Snapshot, **arguments: Any) -> list[str]:
    found: list[str] = []
    token = ""
    for _ in range(200):
        page = ask(snapshot, page_token=token, **arguments)
        assert len(page.rows) <= arguments["page_size"]
        found += ids(page)
        token = page.next_page_token
        if not token:
            return found
    raise AssertionError("the list does not end")


def in_order(rows: list[Told], order: tuple[OrderKey, ...]) -> list[Told]:
    """Sort without columns: not stated last in both directions, enum values as declared."""

    def sortable(row: Told, key: OrderKey) -> Any:
        value = value_of(row, key.field)
        field = FIELDS[key.field]
        if value in {None, "", "NOT_STATED"}:
            return None
        return field.members.index(value) if field.kind is Kind.ENUM else value

    def compared(one: Told, other: Told) -> int:
        for key in order:
            a, b = sortable(one, key), sortable(other, key)
            if a == b:
                continue
            if a is None or b is None:
                return 1 if a is None else -1
            return (1 if a > b else -1) * (-1 if key.descending else 1)
        return 0

    return sorted(rows, key=cmp_to_key(compared))


SORTABLE = [
    *("price_per_gpu_hour", "price_per_hour", "available_gpu_count", "region_code", "provider"),
    *("delivery_model", "observe_time", "billing_increment", "freshness", "name", "unverified"),
]


@st.composite
def orders(draw: st.DrawFn) -> tuple[OrderKey, ...]:
    fields = draw(st.lists(st.sampled_from(SORTABLE), unique=True, max_size=3))
    if "name" in fields:
        fields = fields[: fields.index("name") + 1]
    return parse_order(",".join(f + draw(st.sampled_from(["", " desc"])) for f in fields))


@pytest.mark.no_cover  # Many cases of what other tests cover.
@settings(max_examples=120, deadline=None)
@given(catalogues(), st.none() | nodes(), orders(), st.integers(1, 12))
def test_pages_give_each_match_once_and_in_order(
    snapshot: Snapshot, node: Node | None, order: tuple[OrderKey, ...], page_size: int
) -> None:
    speaks = node is not None and "delisted" in str(node)
    matching = [
        row
        for row in told(snapshot.rows)
        if (node is None or holds(node, row)) and (speaks or row.offer.is_listed)
    ]
    expected = [row.offer.offer_id for row in in_order(matching, order)]
    assert all_pages(snapshot, filter=node, order=order, page_size=page_size) == expected


@pytest.mark.no_cover  # Many cases of what other tests cover.
@settings(max_examples=60, deadline=None)
@given(
    st.lists(offers(), max_size=25), st.lists(offers(), max_size=25), orders(), st.integers(1, 5)
)
def test_rows_that_stay_come_once_while_others_come_and_go(
    before: list[Offer], after: list[Offer], order: tuple[OrderKey, ...], page_size: int
) -> None:
    first, second = catalogue(before), catalogue(after + before)  # `before` wins equal ids
    stay = {row.offer.offer_id for row in first.rows if row.offer.is_listed}
    pages: list[str] = []
    token = ""
    for turn in range(200):
        snapshot = (first, second)[turn % 2]
        page = ask(snapshot, page_token=token, order=order, page_size=page_size)
        pages += ids(page)
        token = page.next_page_token
        # The end of the smaller catalogue is the end: only `second` has rows after it.
        if not token:
            break
    seen = [offer_id for offer_id in pages if offer_id in stay]
    assert len(seen) == len(set(seen))
    expected = in_order([row for row in told(first.rows) if row.offer.is_listed], order)
    assert seen == [row.offer.offer_id for row in expected]


def test_a_cursor_whose_row_is_gone_goes_on_behind_it() -> None:
    some = [an_offer(offer_id=f"o{at}", region_code=f"r{at}") for at in range(6)]
    order = parse_order("region_code desc")
    page = ask(catalogue(some), order=order, page_size=2)
    assert ids(page) == ["o5", "o4"]
    left = catalogue([some[0], some[2], some[3]])
    rest = ask(left, order=order, page_size=10, page_token=page.next_page_token)
    assert ids(rest) == ["o3", "o2", "o0"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["cheap", "dear"]),
        ("delisted = true", ["gone"]),
        ("delisted = false", ["cheap", "dear"]),
        ("NOT delisted = false", ["gone"]),
        ("delisted = true OR price_per_hour > 2", ["gone", "dear"]),
        ("delist_time > 2020-01-01T00:00:00Z", []),
        ("gpu_model = h100-sxm-80gb", ["cheap", "dear"]),
        ("gpu_model = h100-sxm-80gb AND delisted = true", ["gone"]),
        ("gpu_family = H100 AND gpu_model = h100-sxm-80gb", ["cheap", "dear"]),
        ("gpu_model = h100-sxm-80gb AND gpu_family = L4", []),
        ("gpu_model = b300", []),
    ],
)
def test_delisted_offers_are_listed_only_when_asked_for(text: str, expected: list[str]) -> None:
    snapshot = snapshot_of(
        a_snapshot(
            an_offer(offer_id="dear", price="3"),
            an_offer(offer_id="cheap", price="1"),
            an_offer(offer_id="gone", price="0.5", delist_time=NOW),
        )
    )
    assert ids(ask(snapshot, text)) == expected


@pytest.mark.no_cover  # Many cases of what other tests cover.
@pytest.mark.parametrize("step", [3000, 300, 50, 2])
@pytest.mark.parametrize("gpu", ["", " AND gpu_model = l4-24gb", " AND gpu_model = h100-sxm-80gb"])
def test_matches_are_found_wherever_they_are(
    long_list: Snapshot, long_list_in_order: list[Told], step: int, gpu: str
) -> None:
    text = f"vcpu_count <= {12_000 // step} AND purchase_model = SPOT{gpu}"
    node = parse_filter(text)
    expected = [row.offer.offer_id for row in long_list_in_order if holds(node, row)]
    for page_size in (1, 12, 30, 1000):
        page = ask(long_list, text, page_size=page_size)
        assert ids(page) == expected[:page_size]
        assert bool(page.next_page_token) is (len(expected) > page_size)


@pytest.fixture(scope="module")
def long_list() -> Snapshot:
    """A list longer than what is tried at first: one GPU makes up most of it, one an eighth."""
    return snapshot_of(
        a_snapshot(
            *(
                an_offer(
                    offer_id=f"o{at:05}",
                    price=str(1 + at * 7919 % 500),
                    gpu_model="h100-sxm-80gb" if at % 8 else "l4-24gb",
                    vcpu_count=at * 6007 % 12_000,
                    purchase_model=PurchaseModel.SPOT if at % 3 else PurchaseModel.ON_DEMAND,
                )
                for at in range(12_000)
            )
        )
    )


@pytest.fixture(scope="module")
def long_list_in_order(long_list: Snapshot) -> list[Told]:
    return in_order(told(long_list.rows), DEFAULT_ORDER)


def test_a_gpu_is_listed_in_any_order() -> None:
    some = [
        an_offer(offer_id=f"o{at}", region_code=f"r{at // 2}", price=str(1 + at % 3))
        for at in range(6)
    ]
    other = an_offer(offer_id="other", gpu_model="l4-24gb", gpu_family="L4")
    order = parse_order("region_code desc, price_per_hour")
    text = "gpu_model = h100-sxm-80gb AND vram_gb = 80"
    found = all_pages(
        catalogue([*some, other]), filter=parse_filter(text), order=order, page_size=2
    )
    assert found == ["o4", "o5", "o3", "o2", "o0", "o1"]


def aged(offer_id: str, minutes: int) -> Offer:
    return an_offer(offer_id=offer_id, observe_time=NOW - timedelta(minutes=minutes))


def test_max_age_leaves_out_older_prices_and_the_baseline() -> None:
    live = segment_of(a_snapshot(aged("old", 90), aged("young", 5)), encode=encode, now=NOW)
    bundled = a_snapshot(of("other", "h100"), provider="other")
    base = segment_of(bundled, encode=encode, now=NOW, is_baseline=True)
    snapshot = Snapshot([live, base], now=NOW)
    assert ids(ask(snapshot)) == ["old", "other-h100", "young"]
    assert ids(ask(snapshot, max_age=timedelta(hours=1))) == ["young"]
    assert ids(ask(snapshot, max_age=timedelta(minutes=5))) == ["young"]
    assert ids(ask(snapshot, max_age=timedelta.max)) == ["old", "young"]
    with pytest.raises(Precondition) as caught:
        ask(snapshot, 'provider = "other"', max_age=timedelta(hours=1))
    assert "only baseline prices" in caught.value.detail


def test_prices_that_are_all_too_old_name_the_youngest() -> None:
    snapshot = snapshot_of(a_snapshot(aged("older", 120), aged("old", 90)))
    with pytest.raises(Precondition) as caught:
        ask(snapshot, max_age=timedelta(hours=1))
    assert caught.value.reason is Reason.PRICES_TOO_OLD
    assert caught.value.metadata["max_age"] == "3600s"
    assert caught.value.metadata["youngest_age"] == "5400s"
    assert "5400 s old" in caught.value.detail
    with pytest.raises(Precondition, match=r"younger than 0\.5 s"):
        ask(snapshot, max_age=timedelta(seconds=0.5))
    assert ids(ask(snapshot, "gpu_family = L4", max_age=timedelta(hours=1))) == []


def test_a_later_page_that_grew_too_old_is_merely_empty() -> None:
    snapshot = snapshot_of(a_snapshot(aged("a", 1), aged("b", 1)))
    token = ask(snapshot, page_size=1, max_age=timedelta(hours=1)).next_page_token
    later = snapshot_of(a_snapshot(aged("a", 90), aged("b", 90)))
    page = ask(later, page_size=1, max_age=timedelta(hours=1), page_token=token)
    assert (ids(page), page.next_page_token) == ([], "")


def test_a_token_of_other_arguments_is_refused() -> None:
    snapshot = snapshot_of(a_snapshot(aged("a", 1), aged("b", 1)))
    token = ask(snapshot, page_size=1, arguments_digest=b"1").next_page_token
    with pytest.raises(InvalidRequest) as caught:
        ask(snapshot, page_size=1, arguments_digest=b"2", page_token=token)
    assert caught.value.reason is Reason.PAGE_TOKEN_MISMATCH


@pytest.mark.parametrize("values", [(), (1,), ("x", "y"), (1, 2), (1, "y", 3)])
def test_a_signed_token_of_another_list_is_refused(values: tuple[int | str, ...]) -> None:
    snapshot = snapshot_of(a_snapshot(aged("a", 1)))
    with pytest.raises(InvalidRequest) as caught:
        ask(snapshot, page_token=SIGNER.encode(values, b"", "r"))
    assert caught.value.reason is Reason.BAD_PAGE_TOKEN


def of(provider: str, model: str, *, minutes: int = 0) -> Offer:
    return an_offer(
        offer_id=f"{provider}-{model}",
        provider=provider,
        gpu_model=model,
        gpu_family=model.upper(),
        observe_time=NOW - timedelta(minutes=minutes),
    )


@pytest.mark.parametrize(
    ("text", "touched", "unreachable"),
    [
        ("", None, ("b",)),
        ("vram_gb = 80", None, ("b",)),
        ("gpu_model = h100", {"a", "b"}, ("b",)),
        ("gpu_family = L4", {"a"}, ()),
        ("gpu_model = h100 AND vram_gb = 80", {"a", "b"}, ("b",)),
        ("gpu_model = h100 OR vram_gb = 80", None, ("b",)),
        ("gpu_model = h1*", None, ("b",)),
        ("gpu_model = b300", set(), ()),
        ("provider = a", {"a"}, ()),
        ("provider = a OR provider = nobody", {"a", "nobody"}, ()),
        ("provider = a OR vram_gb = 80", None, ("b",)),
        ("provider != a", None, ("b",)),
        ("gpu_model = h100 AND provider = b", {"b"}, ("b",)),
        ("gpu_model = l4 AND provider = b", set(), ()),
        ("gpu_model = h100 AND delisted = true", None, ("b",)),
        ("provider = a AND delisted = true", {"a"}, ()),
    ],
)
def test_the_providers_that_could_change_an_answer_are_named(
    text: str, touched: set[str] | None, unreachable: tuple[str, ...]
) -> None:
    snapshot = snapshot_of(
        a_snapshot(of("a", "h100"), of("a", "l4"), provider="a"),
        a_snapshot(of("b", "h100", minutes=121), provider="b"),
    )
    page = ask(snapshot, text)
    assert page.touched_providers == touched
    assert page.unreachable == unreachable
    assert touched_providers(snapshot, parse_filter(text) if text else None) == touched
