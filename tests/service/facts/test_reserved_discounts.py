"""A discount belongs to the list price of its day."""

from datetime import date

import pytest

from service.domain.figure import Figure
from service.facts.reserved_discounts import (
    Term,
    fallback_discount,
    load_reserved_discounts,
    reserved_discount,
)
from service.facts.tables import load_gpu_registry

TODAY = date(2026, 11, 20)


def discount_at(
    provider: str,
    gpu_model_id: str,
    list_usd_per_gpu_hour: float,
    *,
    term: Term = Term.ONE_YEAR,
    today: date = TODAY,
) -> Figure:
    return reserved_discount(
        load_reserved_discounts(),
        term,
        provider=provider,
        gpu_model_id=gpu_model_id,
        list_usd_per_gpu_hour=list_usd_per_gpu_hour,
        today=today,
    )


def test_a_row_at_todays_list_price_is_applied() -> None:
    year = discount_at("azure", "h100-nvl-94gb", 6.98)
    three_years = discount_at("azure", "h100-nvl-94gb", 6.98, term=Term.THREE_YEARS)

    assert year.base == pytest.approx(0.168)
    assert year.date == "2025-03-17"
    assert three_years.base == pytest.approx(0.383)
    assert year.source.startswith("Epoch AI, CC-BY")


def test_a_row_of_an_instance_is_compared_for_one_gpu() -> None:
    # p5.48xlarge: 77.43 for 98.32 an hour, 8 GPUs.
    assert discount_at("aws", "h100-sxm-80gb", 12.29).base == pytest.approx(0.212)


def test_after_a_price_cut_the_old_discount_does_not_apply() -> None:
    cut = discount_at("aws", "h100-sxm-80gb", 6.88)

    assert cut.base == 0.25
    assert cut.source.startswith("fallback, our judgement")


@pytest.mark.parametrize(
    ("list_price", "applies"), [(6.35, True), (7.75, True), (6.34, False), (7.76, False)]
)
def test_ten_percent_is_the_limit(list_price: float, *, applies: bool) -> None:
    found = discount_at("azure", "h100-nvl-94gb", list_price)

    assert (not found.source.startswith("fallback")) is applies


def test_claims_and_machines_without_gpus_are_never_applied() -> None:
    # "CoreWeave up to 60 %" has no list price, AWS's savings plans name no GPU.
    assert discount_at("coreweave", "h100-sxm-80gb", 6.155).source.startswith("fallback")
    general = [one for one in load_reserved_discounts() if one.provider == "oracle"]
    assert len(general) == 5
    assert not [one for one in general if one.gpu_model_ids]


def test_the_newest_row_is_the_base_and_all_are_the_range() -> None:
    found = discount_at("azure", "a100-pcie-80gb", 3.67)

    # 2.40 for 3.67 in 2022-09, 2.83 for 3.40 in 2024.
    assert found.base == pytest.approx(0.168)
    assert found.high == pytest.approx(0.346)


def test_a_row_counts_from_its_date_on() -> None:
    found = discount_at("azure", "h100-nvl-94gb", 6.98, today=date(2025, 3, 16))

    assert found.source.startswith("fallback")


def test_the_fallback_is_25_and_45_percent_as_wide_as_all_rows() -> None:
    year = fallback_discount(load_reserved_discounts(), Term.ONE_YEAR, today=TODAY)
    three_years = fallback_discount(load_reserved_discounts(), Term.THREE_YEARS, today=TODAY)

    assert (year.low, year.base, year.high) == pytest.approx((0.139, 0.25, 0.415))
    assert (three_years.base, three_years.high) == pytest.approx((0.45, 0.69))


def test_a_list_price_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="above zero"):
        discount_at("nobody", "h100-sxm-80gb", 0)


def test_every_named_model_is_known() -> None:
    registry = load_gpu_registry()
    names = {name for one in load_reserved_discounts() for name in one.gpu_model_ids}

    assert not [name for name in names if registry.find(name) is None]
    assert len(load_reserved_discounts()) == 164
