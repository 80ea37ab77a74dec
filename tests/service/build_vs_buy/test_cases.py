"""40 results of published studies, computed with the engine's own functions.

cases.csv: inputs as the studies give them, their results, and where these contradict their own
formulas. Most are undiscounted and leave most costs out: they check arithmetic, not the model.
"""

import csv
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from service.build_vs_buy.analysis import Analysis, analyze
from service.build_vs_buy.break_even import (
    break_even_month,
    break_even_utilization,
)
from service.build_vs_buy.checks import BadInput
from service.build_vs_buy.electricity import energy_cost
from service.build_vs_buy.inputs import (
    ConstantLoad,
    Inputs,
    NetworkStep,
    OptionKind,
    Servers,
    TokenTier,
)
from service.build_vs_buy.options import npvs
from service.build_vs_buy.sample import BASE
from service.build_vs_buy.server_cost import server_cost
from service.build_vs_buy.tokens import monthly_cost
from service.build_vs_buy.units import HOURS_PER_DAY, MONTHS_PER_YEAR
from tests.service.build_vs_buy.questions import (
    a_demand,
    a_hosted_api,
    given,
    npv,
    plain,
    plain_own,
    plain_rent,
)

Given = Mapping[str, Any]
TABLE = Path(__file__).with_name("cases.csv")
CASES = tuple(csv.DictReader(TABLE.read_text(encoding="utf-8").splitlines()))
GPUS = 8
MONTHS_OF_30_DAYS = 720


def column(value: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.full((1, 1), value)


def fleet(
    *,
    gpus: float = GPUS,
    utilization: float = 1.0,
    rent: float,
    own: Given,
    horizon_months: int = 48,
    hours_per_month: float = 730.0,
) -> Inputs:
    """A question about renting or owning some GPUs, from subtotals."""
    figures = {name: given(f"own.{name}", value) for name, value in own.items()}
    nothing = {"opex_per_month": None, "capex": given("own.capex", 0.0)}
    return plain(
        demand=a_demand(ConstantLoad(gpus=gpus), utilization=utilization),
        rent=plain_rent(rent),
        own=plain_own(**(nothing | figures)),
        horizon_months=horizon_months,
        hours_per_month=hours_per_month,
    )


def value_of(inputs: Inputs, kind: OptionKind) -> float:
    return float(npvs(inputs, BASE)[kind][0])


def cost_of_an_hour(inputs: Inputs, kind: OptionKind) -> float:
    answer = analyze(inputs)
    assert isinstance(answer, Analysis)
    return next(option.levelized_cost for option in answer.options if option.kind is kind)


def server_by_the_hour(case: Given) -> Inputs:
    """8 GPUs whose opex runs only while they are used."""
    return fleet(
        rent=case["rent_usd_per_hour"] / GPUS,
        own={
            "capex": case["capex_usd"],
            "opex_per_used_gpu_hour": case["own_opex_usd_per_hour"] / GPUS,
        },
        utilization=case.get("hours_per_day", HOURS_PER_DAY) / HOURS_PER_DAY,
        hours_per_month=case.get("hours_per_month", 730),
        horizon_months=600,
    )


def months_to_break_even(inputs: Inputs) -> float:
    month = break_even_month(inputs, OptionKind.OWN_COLOCATION).value
    assert month is not None
    return month


def break_even_hours(case: Given) -> float:
    inputs = server_by_the_hour(case)
    hours = months_to_break_even(inputs) * inputs.hours_per_month
    # The closed form: what an hour saves returns the purchase.
    closed = case["capex_usd"] / (case["rent_usd_per_hour"] - case["own_opex_usd_per_hour"])
    assert hours == pytest.approx(closed, rel=1e-9)
    return hours


def break_even_months(case: Given) -> float:
    return months_to_break_even(server_by_the_hour(case))


def break_even_years(case: Given) -> float:
    return break_even_months(case) / MONTHS_PER_YEAR


def power_of_servers(case: Given) -> float:
    kw = case["gpus"] * case["gpu_kw"] + case["overhead_kw"]
    cost = energy_cost(
        column(kw), 1, pue=column(case["pue"]), per_kwh=column(case["electricity_usd_kwh"])
    )
    return float(cost[0, 0])


def power_without_cooling(case: Given) -> float:
    cost = energy_cost(
        column(case["kw"]),
        case["hours"],
        pue=column(1.0),
        per_kwh=column(case["electricity_usd_kwh"]),
    )
    return float(cost[0, 0])


def unit_with_fixed_cost(case: Given, fixed_per_hour: float, utilization: float) -> Inputs:
    """One unit of hardware that costs the same whether used or not."""
    cloud = case.get("cloud", case.get("cloud_usd_per_unit"))
    assert cloud is not None
    inputs = fleet(
        gpus=1, rent=cloud, own={"opex_per_month": fixed_per_hour * 730}, utilization=utilization
    )
    assert inputs.own is not None
    return replace(inputs, own=replace(inputs.own, gpus_per_server=1))


def uptime_break_even(case: Given) -> float:
    fixed = 0.40 * case["own_usd_per_unit_at_util_0_40"]
    found = break_even_utilization(
        unit_with_fixed_cost(case, fixed, 0.4), OptionKind.OWN_COLOCATION
    ).value
    # The closed form: (capex + opex) / (rent x hours).
    assert found == pytest.approx(fixed / case["cloud_usd_per_unit"])
    assert found is not None
    return found


def uptime_hours(case: Given) -> tuple[float, float]:
    fixed = case.get("own_fixed_per_hour") or case["cloud"] * case["breakeven_util"]
    inputs = unit_with_fixed_cost(case, fixed, case["util"])
    own = cost_of_an_hour(inputs, OptionKind.OWN_COLOCATION)
    return own, cost_of_an_hour(inputs, OptionKind.RENT)


def uptime_ratio(case: Given) -> float:
    own, cloud = uptime_hours(case)
    return own / cloud


def uptime_saving(case: Given) -> float:
    own, cloud = uptime_hours(case)
    return 1 - own / cloud


def uptime_gain(case: Given) -> float:
    own, cloud = uptime_hours(case)
    return cloud - own


def uptime_loss(case: Given) -> float:
    return -uptime_gain(case)


def accelerators(case: Given) -> Inputs:
    months = case["years"] * MONTHS_PER_YEAR
    return fleet(
        gpus=case["accelerators"],
        rent=case["cloud_usd_per_accel_hour"],
        own={"capex": case["capex_usd"], "opex_per_month": case["opex_usd_total"] / months},
        utilization=case["utilisation"],
        horizon_months=months,
    )


def accelerators_rent(case: Given) -> float:
    return -value_of(accelerators(case), OptionKind.RENT)


def accelerators_saving(case: Given) -> float:
    inputs = accelerators(case)
    return value_of(inputs, OptionKind.OWN_COLOCATION) - value_of(inputs, OptionKind.RENT)


def accelerators_payback(case: Given) -> float:
    return months_to_break_even(accelerators(case)) / MONTHS_PER_YEAR


def accelerators_npv(case: Given) -> float:
    """The study takes its savings at the end of each year."""
    years, yearly = case["years"], accelerators_saving(case) + case["capex_usd"]
    flows = np.zeros(years * MONTHS_PER_YEAR + 1)
    flows[0] = -case["capex_usd"]
    flows[MONTHS_PER_YEAR::MONTHS_PER_YEAR] = yearly / years
    return npv(case["discount_rate"], flows)


def accelerators_break_even(case: Given) -> float:
    found = break_even_utilization(accelerators(case), OptionKind.OWN_COLOCATION).value
    assert found is not None
    return found


def capex_of_a_gpu(case: Given) -> float:
    node = case["node_price"]
    network = case["switches"] * case["switch_price"] + case["cables_usd"]
    share = network / (case["nodes"] * node)
    none = {name: given(name, 0.0) for name in ("install", "spares", "tax")}
    servers = Servers(
        server_price=given("price", node),
        network_steps=(
            NetworkStep(from_servers=1, fraction=given("none", 0.0)),
            NetworkStep(from_servers=case["nodes"], fraction=given("network", share)),
            NetworkStep(from_servers=case["nodes"] + 1, fraction=given("larger", 0.5)),
        ),
        hidden_fraction=given("facility", case["facility_ops_per_node"] / node),
        hidden_includes_network=False,
        install_fraction=none["install"],
        spares_fraction=none["spares"],
        sales_tax_rate=none["tax"],
    )
    own = plain_own(capex=None, servers=servers)
    cost = server_cost(own, BASE, fleet=column(case["nodes"]), first_servers=column(case["nodes"]))
    return float(cost.total[0, 0] * case["nodes"] / case["gpus"])


def yearly_saving(case: Given) -> float:
    own, cloud = (
        npv(0.0, np.repeat(case[name], MONTHS_PER_YEAR) / MONTHS_PER_YEAR)
        for name in ("own_years", "cloud_years")
    )
    return 1 - own / cloud


def tokens_of_a_month(case: Given) -> float:
    """Half of the tokens in at 3 dollars, half out at 15: a mean of 9."""
    tier = TokenTier(
        up_to_prompt_tokens=None,
        input_price=given("input", case["usd_per_m"] - 6),
        output_price=given("output", case["usd_per_m"] + 6),
    )
    half = case["tokens_m"] * 1e6 / 2
    api = a_hosted_api(tiers=(tier,), input_tokens_per_month=half, output_tokens_per_month=half)
    return float(monthly_cost(api, BASE)[0, 0])


def office_server(case: Given) -> Inputs:
    hours = case["hours_per_month"]
    power = energy_cost(
        column(case["gpus"] * case["gpu_kw"]),
        hours,
        pue=column(case["pue"]),
        per_kwh=column(case["electricity_usd_kwh"]),
    )
    capex = case["gpus"] * case["hw_per_gpu"] * (1 + case["infra_overhead"])
    return fleet(
        gpus=case["gpus"],
        rent=case["cloud_usd_gpu_hour"],
        own={"capex": capex, "opex_per_month": case["dc_month"] + float(power[0, 0])},
        utilization=hours / 730,
        horizon_months=case["amort_years"] * MONTHS_PER_YEAR,
    )


def office_server_months(case: Given) -> float:
    return months_to_break_even(office_server(case))


def four_gpus_saving(case: Given) -> float:
    months = case["years"] * MONTHS_PER_YEAR
    inputs = fleet(
        gpus=case["gpus"],
        rent=case["cloud_total"] / (case["gpus"] * months * 730),
        own={"capex": case["onprem_total"]},
        horizon_months=months,
    )
    assert inputs.own is not None
    inputs = replace(
        inputs, own=replace(inputs.own, opex_per_month=given("own.opex_per_month", 0.0))
    )
    return 1 - value_of(inputs, OptionKind.RENT) / value_of(inputs, OptionKind.OWN_COLOCATION)


def cluster_rent(monthly: float, months: int = 36, gpus: int = 4096) -> float:
    inputs = fleet(gpus=gpus, rent=monthly / (gpus * 730), own={}, horizon_months=months)
    return -value_of(replace(inputs, own=None), OptionKind.RENT)


def cluster_total(case: Given) -> float:
    return cluster_rent(case["monthly"], case["months"], case["gpus"])


def cluster_hyperscaler_ratio(case: Given) -> float:
    return cluster_rent(case["hyper"]) / cluster_rent(case["gold"])


def cluster_silver_ratio(case: Given) -> float:
    return cluster_rent(case["silver"]) / cluster_rent(case["gold"])


def evenings_of_rent(case: Given) -> float:
    inputs = fleet(
        gpus=1,
        rent=case["rate"],
        own={},
        utilization=case["hours_per_day"] / HOURS_PER_DAY,
        hours_per_month=case["days"] * HOURS_PER_DAY,
        horizon_months=1,
    )
    return -value_of(replace(inputs, own=None), OptionKind.RENT)


def ratio_of_totals(case: Given) -> float:
    months = case["years"] * MONTHS_PER_YEAR
    used = case["gpus"] * case["utilisation"] * months * 730
    inputs = fleet(
        gpus=case["gpus"],
        rent=case["cloud_total_low"] / used,
        own={"capex": case["own_total"], "opex_per_month": 0.0},
        utilization=case["utilisation"],
        horizon_months=months,
    )
    return value_of(inputs, OptionKind.RENT) / value_of(inputs, OptionKind.OWN_COLOCATION)


ENGINE: Mapping[str, Callable[[Given], float]] = {
    "lenovo_lp2225_on_demand": break_even_hours,
    "lenovo_lp2225_1y_reserved": break_even_hours,
    "lenovo_lp2225_3y_reserved": break_even_hours,
    "lenovo_lp2225_on_demand_months": break_even_months,
    "lenovo_lp2225_daily_4h": break_even_years,
    "lenovo_lp2225_daily_8h": break_even_years,
    "lenovo_lp2225_daily_12h": break_even_years,
    "lenovo_lp2225_daily_16h": break_even_years,
    "postcut_33_hours": break_even_hours,
    "postcut_33_daily_12h": break_even_years,
    "postcut_33_daily_16h": break_even_years,
    "power_8xh100_hourly": power_of_servers,
    "uptime_breakeven_util": uptime_break_even,
    "uptime_ratio_8pct": uptime_ratio,
    "uptime_saving_40pct": uptime_saving,
    "uptime_asym_up": uptime_gain,
    "uptime_asym_down": uptime_loss,
    "legitlads_cloud_total": accelerators_rent,
    "legitlads_saving": accelerators_saving,
    "legitlads_payback": accelerators_payback,
    "legitlads_npv": accelerators_npv,
    "legitlads_be_util": accelerators_break_even,
    "cheah_capex_2_nodes": capex_of_a_gpu,
    "cheah_capex_64_nodes": capex_of_a_gpu,
    "cheah_capex_128_nodes": capex_of_a_gpu,
    "cheah_capex_1024_nodes": capex_of_a_gpu,
    "cheah_capex_2048_nodes": capex_of_a_gpu,
    "cheah_capex_4096_nodes": capex_of_a_gpu,
    "swfte_saving": yearly_saving,
    "swfte_blended_monthly": tokens_of_a_month,
    "randomcalc_cash_breakeven": office_server_months,
    "runpod_saving": four_gpus_saving,
    "clustermax_36m": cluster_total,
    "clustermax_hyper_ratio": cluster_hyperscaler_ratio,
    "clustermax_silver_ratio": cluster_silver_ratio,
    "velinx_day": power_without_cooling,
    "velinx_cloud_4h": evenings_of_rent,
    "olds_ratio_5y_low": ratio_of_totals,
    "alpine_dgx_month": power_without_cooling,
}
VERDICT = "randomcalc_verdict"


def test_every_case_has_a_function_of_the_engine() -> None:
    assert len(CASES) == 40
    assert {case["case_id"] for case in CASES} == set(ENGINE) | {VERDICT}


@pytest.mark.parametrize(
    "case", [case for case in CASES if case["case_id"] in ENGINE], ids=lambda case: case["case_id"]
)
def test_a_published_result_is_reproduced_or_corrected(case: Mapping[str, str]) -> None:
    result = ENGINE[case["case_id"]](json.loads(case["inputs_json"]))
    assert result == pytest.approx(float(case["recomputed"]), rel=2e-6)  # printed digits
    match case["status"]:
        case "reproduces" | "our_correction":
            assert result == pytest.approx(float(case["published"]), rel=float(case["tol_rel"]))
        case "published_error":
            assert result != pytest.approx(float(case["published"]), rel=0.1)
        case "partial_inputs":
            assert result > float(case["published"].removeprefix(">"))
        case status:
            pytest.fail(f"no such status: {status}")


def test_a_study_that_counted_its_servers_twice_gets_the_opposite_verdict() -> None:
    case = next(case for case in CASES if case["case_id"] == VERDICT)
    assert case["status"] == "published_error"
    answer = analyze(office_server(json.loads(case["inputs_json"])))
    assert isinstance(answer, Analysis)
    assert answer.verdict.kind is OptionKind.OWN_COLOCATION
    own = next(o for o in answer.options if o.kind is OptionKind.OWN_COLOCATION)
    rent = next(o for o in answer.options if o.kind is OptionKind.RENT)
    assert -own.npv / 48 == pytest.approx(11_543, abs=1)
    assert -rent.npv / 48 == pytest.approx(14_400, abs=1)


def test_a_study_that_hides_its_parts_is_told_what_is_missing() -> None:
    case = next(case for case in CASES if case["status"] == "partial_inputs")
    inputs = json.loads(case["inputs_json"])
    bare = plain(
        demand=a_demand(ConstantLoad(gpus=inputs["gpus"]), utilization=inputs["utilisation"]),
        own=plain_own(capex=None, opex_per_month=None),
    )
    with pytest.raises(BadInput) as found:
        analyze(bare)
    assert [fault.message for fault in found.value.faults] == [
        "needs servers or capex, one of them",
        "needs running or a subtotal of opex, one of them",
    ]
