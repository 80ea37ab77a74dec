"""The published cases on break-even and present value, asked through the API.

The engine's own tests run all 40 rows of cases.csv; here the inputs travel as a request.
"""

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from gpuquote.v1 import build_vs_buy_service_pb2 as pb

from tests.service.rpc.build_vs_buy.asking import (
    BARE_OWN,
    BARE_RENT,
    ask,
    market,
    option,
    usd,
)

TABLE = Path(__file__).parents[2] / "build_vs_buy" / "cases.csv"
CASES = {
    row["case_id"]: row for row in csv.DictReader(TABLE.read_text(encoding="utf-8").splitlines())
}
GPUS = 8
HOURS = 730
BY_THE_HOUR = tuple(
    name
    for name, row in CASES.items()
    if row["metric"].startswith("breakeven_")
    and "capex_usd" in row["inputs_json"]
    and "own_opex_usd_per_hour" in row["inputs_json"]
)
RENT, OWN = pb.OPTION_KIND_RENT, pb.OPTION_KIND_OWN_COLOCATION


def given(name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(CASES[name]["inputs_json"])
    return found


def bare(
    *, gpus: float, utilization: float, rent: float, own: dict[str, Any], **terms: Any
) -> pb.AnalyzeBuildVsBuyResponse:
    """Ask with subtotals and nothing else; a price of renting needs no offers."""
    fields: dict[str, Any] = {
        "demand": {"gpuModel": "h100-sxm-80gb", "constantGpus": gpus, "utilization": utilization},
        "rent": BARE_RENT | {"pricePerGpuHour": usd(rent)},
        "own": BARE_OWN | own,
        "discountRate": 0,
        "draws": 1000,
    }
    return ask(market(), **(fields | terms))


@pytest.mark.parametrize("name", BY_THE_HOUR)
def test_a_server_with_opex_by_the_hour_breaks_even_as_recomputed(name: str) -> None:
    case, row = given(name), CASES[name]
    hours = case.get("hours_per_month", HOURS)
    answer = bare(
        gpus=GPUS,
        utilization=case.get("hours_per_day", 24) / 24,
        rent=case["rent_usd_per_hour"] / GPUS,
        own={
            "capex": usd(case["capex_usd"]),
            "opexPerUsedGpuHour": usd(case["own_opex_usd_per_hour"] / GPUS),
        },
        horizonMonths=120,
        hoursPerMonth=hours,
    )
    months = answer.break_even_month.value
    found = {"hours": months * hours, "months": months, "years": months / 12}
    unit = row["metric"].removeprefix("breakeven_")
    assert found[unit] == pytest.approx(float(row["recomputed"]), rel=1e-5)


def test_all_eleven_of_them_are_asked() -> None:
    assert len(BY_THE_HOUR) == 11


def test_hardware_of_fixed_cost_breaks_even_at_its_share_of_the_rent() -> None:
    case = given("uptime_breakeven_util")
    fixed = 0.40 * case["own_usd_per_unit_at_util_0_40"]
    answer = bare(
        gpus=1,
        utilization=0.4,
        rent=case["cloud_usd_per_unit"],
        own={"capex": usd("0"), "opexPerMonth": usd(fixed * HOURS), "gpusPerServer": 1},
    )
    recomputed = float(CASES["uptime_breakeven_util"]["recomputed"])
    assert answer.break_even_utilization.value == pytest.approx(recomputed, rel=1e-5)


@pytest.fixture(scope="module")
def accelerators() -> Mapping[float, pb.AnalyzeBuildVsBuyResponse]:
    """64 accelerators over four years, undiscounted and at the study's rate."""
    case = given("legitlads_npv")
    months = case["years"] * 12
    return {
        rate: bare(
            gpus=case["accelerators"],
            utilization=case["utilisation"],
            rent=case["cloud_usd_per_accel_hour"],
            own={
                "capex": usd(case["capex_usd"]),
                "opexPerMonth": usd(case["opex_usd_total"] / months),
            },
            discountRate=rate,
        )
        for rate in (0.0, case["discount_rate"])
    }


def saving(answer: pb.AnalyzeBuildVsBuyResponse) -> float:
    return float(option(answer, OWN).npv.amount) - float(option(answer, RENT).npv.amount)


def test_undiscounted_values_are_the_study_s_totals(
    accelerators: Mapping[float, pb.AnalyzeBuildVsBuyResponse],
) -> None:
    plain = accelerators[0.0]
    assert float(option(plain, RENT).npv.amount) == pytest.approx(-3_139_584, abs=0.01)
    assert saving(plain) == pytest.approx(490_903, abs=0.02)
    assert plain.break_even_month.value / 12 == pytest.approx(
        float(CASES["legitlads_payback"]["recomputed"]), rel=1e-5
    )
    assert plain.break_even_utilization.value == pytest.approx(
        float(CASES["legitlads_be_util"]["recomputed"]), rel=1e-5
    )


def test_the_present_value_pays_each_month_where_the_study_pays_once_a_year(
    accelerators: Mapping[float, pb.AnalyzeBuildVsBuyResponse],
) -> None:
    case = given("legitlads_npv")
    months = case["years"] * 12
    monthly = (490_903 + case["capex_usd"]) / months
    rate = 1 + case["discount_rate"]
    by_month = sum(monthly / rate ** (month / 12) for month in range(1, months + 1))
    by_year = sum(12 * monthly / rate**year for year in range(1, case["years"] + 1))
    assert saving(accelerators[case["discount_rate"]]) == pytest.approx(
        by_month - case["capex_usd"], abs=0.05
    )
    # The study's own value, with all of a year's saving at its end.
    assert by_year - case["capex_usd"] == pytest.approx(
        float(CASES["legitlads_npv"]["published"]), rel=1e-3
    )


def test_the_present_value_is_that_of_numpy_financial(
    accelerators: Mapping[float, pb.AnalyzeBuildVsBuyResponse],
) -> None:
    financial = pytest.importorskip("numpy_financial")
    for rate, answer in accelerators.items():
        for kind in (RENT, OWN):
            found = option(answer, kind)
            flows = [0.0] * 49
            for flow in found.cash_flows:
                if flow.is_cash:
                    flows[flow.month] += float(flow.nominal.amount)
            monthly = (1 + rate) ** (1 / 12) - 1
            assert float(found.npv.amount) == pytest.approx(financial.npv(monthly, flows), abs=0.5)


def office_server(hours_per_month: float) -> pb.AnalyzeBuildVsBuyResponse:
    case = given("randomcalc_cash_breakeven")
    power = case["gpus"] * case["gpu_kw"] * case["pue"] * case["electricity_usd_kwh"]
    hours = case["hours_per_month"]
    return bare(
        gpus=case["gpus"],
        utilization=hours / hours_per_month,
        rent=case["cloud_usd_gpu_hour"],
        own={
            "capex": usd(case["gpus"] * case["hw_per_gpu"] * (1 + case["infra_overhead"])),
            "opexPerMonth": usd(case["dc_month"] + power * hours),
        },
        hoursPerMonth=hours_per_month,
    )


@pytest.mark.parametrize("hours_per_month", [720, 730])
def test_a_study_that_counted_its_servers_twice_is_corrected(hours_per_month: float) -> None:
    answer = office_server(hours_per_month)
    recomputed = float(CASES["randomcalc_cash_breakeven"]["recomputed"])
    assert answer.break_even_month.value == pytest.approx(recomputed, rel=1e-5)
    assert answer.verdict == OWN
    assert float(option(answer, OWN).npv.amount) / 48 == pytest.approx(-11_543, abs=1)
    assert float(option(answer, RENT).npv.amount) / 48 == pytest.approx(-14_400, abs=1)
