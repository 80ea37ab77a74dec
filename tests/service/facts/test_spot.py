from datetime import date

import pytest

from service.facts.spot import SpotTerms, load_spot_offers, spot_terms
from service.facts.tables import load_gpu_registry

TODAY = date(2026, 11, 20)


def terms_at(provider: str, gpu_model_id: str, list_usd_per_gpu_hour: float) -> SpotTerms:
    return spot_terms(
        load_spot_offers(),
        gpu_model_id,
        provider=provider,
        list_usd_per_gpu_hour=list_usd_per_gpu_hour,
        today=TODAY,
    )


def test_a_discount_at_todays_list_price_is_applied() -> None:
    terms = terms_at("coreweave", "h100-sxm-80gb", 6.155)

    assert terms.discount is not None
    assert (terms.discount.base, terms.discount.date) == (0.6, "2026-09")


def test_a_discount_against_an_old_list_price_is_not() -> None:
    # 80 % off 98.32 are 64 % off the 55.04 of today.
    assert terms_at("aws", "h100-sxm-80gb", 6.88).discount is None
    before_the_cut = terms_at("aws", "h100-sxm-80gb", 12.29)
    assert before_the_cut.discount is not None
    assert before_the_cut.discount.base == 0.8


def test_a_discount_without_its_list_price_is_not() -> None:
    assert terms_at("runpod", "h100-sxm-80gb", 3.99).discount is None
    assert terms_at("gcp", "h100-sxm-80gb", 10.55).discount is None


@pytest.mark.parametrize(
    ("provider", "gpu_model_id", "expected", "of"),
    [
        ("aws", "h100-sxm-80gb", (0.15, 0.175, 0.2), "this provider and GPU"),
        ("aws", "a100-sxm-40gb", (0.05, 0.075, 0.1), "this provider and GPU"),
        ("azure", "h100-sxm-80gb", (0.08, 0.1375, 0.2), "other providers"),
        ("azure", "b200-sxm-180gb", (0.02, 0.075, 0.2), "other GPUs"),
    ],
)
def test_interruptions_are_those_of_the_nearest_rows(
    provider: str, gpu_model_id: str, expected: tuple[float, float, float], of: str
) -> None:
    figure = terms_at(provider, gpu_model_id, 5).monthly_interruption

    assert figure is not None
    assert (figure.low, figure.base, figure.high) == pytest.approx(expected)
    assert figure.source.startswith(of)


def test_a_row_counts_from_its_date_on() -> None:
    terms = spot_terms(
        load_spot_offers(),
        "h100-sxm-80gb",
        provider="coreweave",
        list_usd_per_gpu_hour=6.155,
        today=date(2025, 12, 31),
    )
    assert terms == SpotTerms(discount=None, monthly_interruption=None)


def test_a_list_price_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="above zero"):
        terms_at("aws", "h100-sxm-80gb", 0)


def test_every_named_model_is_known() -> None:
    registry = load_gpu_registry()
    names = {name for one in load_spot_offers() for name in one.gpu_model_ids}

    assert not [name for name in names if registry.find(name) is None]
