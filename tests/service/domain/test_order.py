"""The order of a list."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.errors import InvalidRequest, Reason
from service.domain.offer_fields import FIELDS
from service.domain.order import DEFAULT_ORDER, NAME_KEY, OrderKey, parse_order


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", DEFAULT_ORDER),
        ("  ", DEFAULT_ORDER),
        ("price_per_gpu_hour", DEFAULT_ORDER),
        ("pricePerGpuHour asc", DEFAULT_ORDER),
        ("name", (NAME_KEY,)),
        ("name desc", (OrderKey(field="name", descending=True),)),
        (
            "price_per_gpu_hour,  observe_time   desc ",
            (
                OrderKey(field="price_per_gpu_hour"),
                OrderKey(field="observe_time", descending=True),
                NAME_KEY,
            ),
        ),
    ],
)
def test_an_order_always_ends_with_the_name(text: str, expected: tuple[OrderKey, ...]) -> None:
    assert parse_order(text) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (",", "'' is not a field"),
        ("price_per_hour,", "'' is not a field"),
        ("price_per_hour descending", "is not a field, optionally followed by"),
        ("price_per_hour DESC", "is not a field, optionally followed by"),
        ("prise_per_hour", "did you mean 'price_per_hour'?"),
        ("upfront", "upfront cannot be sorted by"),
        ("geo", "geo cannot be sorted by"),
        ("gpu_count, gpuCount desc", "gpu_count is named twice"),
        ("name, gpu_count", "gpu_count after name changes nothing"),
        (",".join(list(FIELDS)[1:10]), "more than 8 fields"),
    ],
)
def test_a_bad_order_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_order(text)
    assert caught.value.reason is Reason.BAD_ORDER_BY
    assert caught.value.violations[0].field == "order_by"
    assert words in caught.value.detail


def test_every_fault_of_an_order_is_listed() -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_order("prise, geo, gpu_count, gpu_count")
    assert len(caught.value.violations) == 3


@given(st.text(max_size=60) | st.lists(st.sampled_from(list(FIELDS))).map(",".join))
def test_any_text_is_an_order_or_refused(text: str) -> None:
    try:
        keys = parse_order(text)
    except InvalidRequest:
        return
    assert keys[-1].field == "name"
