"""Drifts come from one provider's prices of one GPU."""

import csv
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from service.facts.rental_history import (
    MatchedSeries,
    RentalPrice,
    drift_of,
    load_rental_history,
    matched_series,
)
from service.facts.tables import load_gpu_registry

TODAY = date(2026, 11, 20)
H100 = "h100-sxm-80gb"
APRIL_2023 = Path(__file__).with_name("a16z_prices_apr2023_reconstructed.csv")
ROW = RentalPrice(
    provider="nimbus",
    provider_class="neocloud",
    gpu_model_ids=(H100,),
    commitment="on_demand",
    usd_per_gpu_hour=2,
    listed_on=date(2024, 1, 1),
    source="a page",
    left_out="",
)


def series_of(provider: str, gpu_model_id: str) -> MatchedSeries:
    (series,) = [
        one
        for one in matched_series(load_rental_history(), today=TODAY)
        if one.provider == provider
        and gpu_model_id in one.gpu_model_ids
        and one.provider_class != "marketplace"
    ]
    return series


def points_of(provider: str, gpu_model_id: str) -> list[tuple[str, float]]:
    points = series_of(provider, gpu_model_id).points
    return [(point.day.isoformat(), point.usd_per_gpu_hour) for point in points]


def test_lambda_raised_the_a100_from_1_10_to_1_99() -> None:
    assert points_of("lambda", "a100-sxm-40gb") == [
        ("2022-08-04", 1.1),
        ("2023-01-10", 1.1),
        ("2024-07-11", 1.29),
        ("2024-09-01", 1.29),
        ("2024-11-29", 1.29),
        ("2025-02-28", 1.29),
        ("2026-09-20", 1.99),
    ]
    drift = drift_of(series_of("lambda", "a100-sxm-40gb"))
    assert drift is not None
    assert drift.base == pytest.approx((1.99 / 1.1) ** (365.25 / 1508) - 1)
    assert drift.source.startswith("1.1 USD on 2022-08-04 | 1.99 USD on 2026-09-20 | 7 dates")


def test_runpod_lowered_the_h100_and_raised_it_again() -> None:
    assert points_of("runpod", H100) == [
        ("2024-07-27", 3.99),
        ("2025-03-03", 2.99),
        ("2026-11-09", 3.99),
    ]
    drift = drift_of(series_of("runpod", H100))
    assert drift is not None
    assert drift.base == pytest.approx(0)
    assert drift.low == pytest.approx((2.99 / 3.99) ** (365.25 / 219) - 1)
    assert drift.high == pytest.approx((3.99 / 2.99) ** (365.25 / 616) - 1)


def test_a_reservations_price_is_no_list_price() -> None:
    # 1.99 in June 2023 was what a reservation of years cost.
    assert points_of("lambda", H100)[0] == ("2024-01-29", 3.49)
    (left_out,) = [one for one in load_rental_history() if one.listed_on == date(2023, 6, 20)]
    assert (left_out.usd_per_gpu_hour, left_out.left_out) == (
        1.99,
        "headline price of a reservation",
    )


def test_averages_and_indices_are_in_no_series() -> None:
    series = matched_series(load_rental_history(), today=TODAY)

    assert {one.provider_class for one in series} == {"hyperscaler", "neocloud", "marketplace"}
    assert ("2026-10-24", 4.0811) not in points_of("lambda", H100)


def test_commitments_spot_and_later_rows_do_not_count() -> None:
    history = [
        ROW,
        replace(ROW, commitment="1y", usd_per_gpu_hour=1),
        replace(ROW, commitment="spot", usd_per_gpu_hour=1),
        replace(ROW, left_out="a mistake", usd_per_gpu_hour=1),
        replace(ROW, provider="cirrus", usd_per_gpu_hour=1),
        replace(ROW, listed_on=date(2027, 1, 1)),
    ]
    nimbus = matched_series(history, today=TODAY)[-1]

    assert [(p.day, p.usd_per_gpu_hour) for p in nimbus.points] == [(date(2024, 1, 1), 2)]


def test_several_prices_of_a_day_count_as_their_median() -> None:
    history = [replace(ROW, usd_per_gpu_hour=price) for price in (2, 3, 9)]

    (series,) = matched_series(history, today=TODAY)

    assert [point.usd_per_gpu_hour for point in series.points] == [3]


def test_less_than_a_year_gives_no_drift() -> None:
    for last, known in ((date(2024, 12, 30), False), (date(2024, 12, 31), True)):
        history = [ROW, replace(ROW, listed_on=last, usd_per_gpu_hour=1)]
        (series,) = matched_series(history, today=TODAY)
        assert (drift_of(series) is not None) is known


def test_a_fall_by_half_in_a_year_is_a_drift_of_minus_a_half() -> None:
    history = [ROW, replace(ROW, listed_on=date(2026, 1, 1), usd_per_gpu_hour=0.5)]

    (series,) = matched_series(history, today=TODAY)
    drift = drift_of(series)

    assert drift is not None
    assert drift.base == pytest.approx(-0.5, abs=1e-3)
    assert drift.low == drift.high == drift.base


def test_list_prices_rose_fell_and_stayed() -> None:
    found = map(drift_of, matched_series(load_rental_history(), today=TODAY))
    drifts = [figure.base for figure in found if figure is not None]

    assert len(drifts) == 20
    assert min(drifts) == pytest.approx(-0.414, abs=1e-3)
    assert max(drifts) == pytest.approx(0.186, abs=1e-3)
    assert sum(abs(drift) < 0.01 for drift in drifts) == 8
    assert sum(drift > 0.01 for drift in drifts) == 4


def test_every_named_model_is_known() -> None:
    registry = load_gpu_registry()
    names = {name for one in load_rental_history() for name in one.gpu_model_ids}

    assert not [name for name in names if registry.find(name) is None]
    assert len(load_rental_history()) == 326


def test_the_spread_of_april_2023_was_almost_four_to_one() -> None:
    with APRIL_2023.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    a100 = [float(row["usd_per_gpu_hour"]) for row in rows if row["gpu"] == "A100 SXM 40GB"]
    assert max(a100) / min(a100) == pytest.approx(4.10 / 1.10)

    # The history holds what that table says of Lambda and AWS.
    known = {(one.provider, one.listed_on, one.usd_per_gpu_hour) for one in load_rental_history()}
    assert ("lambda", date(2023, 1, 10), min(a100)) in known
    assert ("aws", date(2023, 3, 10), max(a100)) in known
