"""Own servers and an own building in a build-vs-buy request: parts or subtotals, never both."""

from collections.abc import Iterable, Mapping

from gpuquote.v1 import build_vs_buy_service_pb2 as pb

from service.build_vs_buy.inputs import Loan
from service.business_case.owning import BUILD_MONTHS
from service.business_case.question import BuildingTerms, OwnTerms
from service.facts.judgements import RESALE_AT_ONCE
from service.rpc.build_vs_buy.reading import (
    ABOVE_NONE,
    BELOW_ALL,
    MAX_GPUS,
    MAX_HORIZON_MONTHS,
    MONTHS,
    PUE,
    SHARE,
    Amounts,
    read_doubles,
)
from service.rpc.faults import Faults
from service.rpc.numbers import Range, is_set, read_count, read_double

_NUMBERS: Mapping[str, Range] = {
    "network_fraction": SHARE,
    "hidden_fraction": SHARE,
    "install_fraction": SHARE,
    "spares_fraction": SHARE,
    "power_kw_per_server": Range(low=0, high=500, is_low_open=True),
    "pue": PUE,
    "fte": Range(low=0, high=MAX_GPUS),
    "maintenance_fraction": SHARE,
    "failure_rate": SHARE,
    "lead_time_months": Range(low=0, high=60),
    "residual_fraction": Range(low=0, high=RESALE_AT_ONCE.base),
    "sales_tax_rate": SHARE,
    "goodput": ABOVE_NONE,
}
_AMOUNTS = (
    "storage",
    "electricity_per_kwh",
    "colocation_per_kw_month",
    "fte_annual_cost",
    "capex",
    "opex_per_month",
    "opex_per_used_gpu_hour",
    "licence_per_gpu_year",
)
_PARTS_OF_CAPEX = (
    "server_price",
    "network_fraction",
    "storage",
    "hidden_fraction",
    "install_fraction",
    "spares_fraction",
    "sales_tax_rate",
)
_OPEX = ("opex_per_month", "opex_per_used_gpu_hour")
_PARTS_OF_OPEX = (
    "power_kw_per_server",
    "pue",
    "electricity_per_kwh",
    "colocation_per_kw_month",
    "colocation_includes_power",
    "fte",
    "fte_annual_cost",
    "maintenance_fraction",
    "failure_rate",
    "under_warranty",
    "licence_per_gpu_year",
)
_IN_THE_WARRANTY = ("failure_rate", "spares_fraction")


def read_own(
    given: pb.OwnTerms, amounts: Amounts, faults: Faults, *, has_building: bool
) -> OwnTerms:
    """Return what is known of own servers."""
    found = OwnTerms(
        **read_doubles(given, _NUMBERS, faults),
        **amounts.read_all(given, _AMOUNTS, faults),
        server_price=amounts.read(given, "server_price", faults, is_zero_allowed=False),
        gpus_per_server=read_count(given, "gpus_per_server", Range(low=1, high=1024), faults),
        residual_age_months=read_count(given, "residual_age_months", MONTHS, faults),
        refresh_months=read_count(
            given, "refresh_months", Range(low=1, high=MAX_HORIZON_MONTHS), faults
        ),
        depreciation_months=read_count(given, "depreciation_months", MONTHS, faults),
        loan=_loan(given.loan, faults.under("loan")) if given.HasField("loan") else None,
        colocation_includes_power=given.colocation_includes_power,
        under_warranty=given.under_warranty,
    )
    if given.HasField("capex"):
        _refuse(given, _PARTS_OF_CAPEX, "is a part of capex, which is given as a whole", faults)
    if given.under_warranty:
        text = "is counted in the maintenance of servers under warranty"
        _refuse(given, _IN_THE_WARRANTY, text, faults)
    _check_opex(given, faults, has_building=has_building)
    _check_colocation(given, faults, has_building=has_building)
    return found


def read_building(
    given: pb.BuildingTerms, amounts: Amounts, faults: Faults, *, horizon_months: int
) -> BuildingTerms:
    """Return what is known of a building."""
    found = BuildingTerms(
        per_mw=amounts.read(given, "per_mw", faults, is_zero_allowed=False),
        land=amounts.read(given, "land", faults),
        minimum_annual_spend=amounts.read(given, "minimum_annual_spend", faults),
        build_months=read_count(given, "build_months", Range(low=0, high=600), faults),
        life_months=read_count(given, "life_months", Range(low=1, high=1200), faults),
        pue=read_double(given, "pue", PUE, faults),
    )
    months = BUILD_MONTHS if found.build_months is None else found.build_months
    if months > horizon_months:
        text = f"{months} months of building are longer than the horizon of {horizon_months}"
        faults.add("build_months", text)
    return found


def _loan(given: pb.LoanTerms, faults: Faults) -> Loan:
    share = read_double(given, "share", ABOVE_NONE, faults)
    rate = read_double(given, "rate", BELOW_ALL, faults)
    months = read_count(given, "months", MONTHS, faults)
    return Loan(share=share or 0.0, annual_rate=rate or 0.0, months=months or 1)


def _refuse(given: pb.OwnTerms, names: Iterable[str], why: str, faults: Faults) -> None:
    for name in names:
        if is_set(given, name):
            faults.add(name, why)


def _check_opex(given: pb.OwnTerms, faults: Faults, *, has_building: bool) -> None:
    whole = next((name for name in _OPEX if given.HasField(name)), None)
    if whole is None:
        return
    _refuse(given, _PARTS_OF_OPEX, f"is a part of {whole}, which is given as a whole", faults)
    if has_building:
        text = "stands for the power of servers, by which a building is sized"
        faults.add(whole, text)


def _check_colocation(given: pb.OwnTerms, faults: Faults, *, has_building: bool) -> None:
    if not given.colocation_includes_power:
        return
    if not given.HasField("colocation_per_kw_month"):
        text = "belongs to colocation_per_kw_month, which is not given"
        faults.add("colocation_includes_power", text)
    if not has_building:
        text = "is in colocation_per_kw_month, as colocation_includes_power says"
        _refuse(given, ("electricity_per_kwh",), text, faults)
