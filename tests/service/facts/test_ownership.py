"""All figures in one list, each with a source."""

from datetime import date

from service.facts.judgements import JUDGEMENTS
from service.facts.opex import load_opex
from service.facts.ownership import all_defaults
from service.facts.tables import load_exchange_rates

TODAY = date(2026, 11, 20)
DEFAULTS = {f.name: f for f in all_defaults(today=TODAY, rates=load_exchange_rates())}


def test_every_figure_has_a_name_of_its_own_a_unit_and_a_source() -> None:
    figures = all_defaults(today=TODAY, rates=load_exchange_rates())

    assert len(DEFAULTS) == len(figures)
    assert all(figure.source and figure.unit for figure in figures)


def test_tables_and_judgement_are_all_there() -> None:
    assert set(load_opex()) <= set(DEFAULTS)
    assert {figure.name for figure in JUDGEMENTS} <= set(DEFAULTS)
    assert DEFAULTS["server_price, 8x h100-sxm-80gb"].base == 310_000
    assert DEFAULTS["server_max_kw, 8x h100-sxm-80gb"].base == 10.2
    assert DEFAULTS["colocation_per_kw_month, US"].base == 195.94
    assert DEFAULTS["reserved_discount_3y"].base == 0.45
    assert "rent_drift, lambda a100-sxm-40gb" in DEFAULTS


def test_what_is_not_measured_says_so() -> None:
    for figure in JUDGEMENTS:
        assert figure.source.startswith("our judgement, not measured")
    drift = DEFAULTS["rent_drift"]
    assert (drift.low, drift.base, drift.high) == (-0.2, 0, 0.2)


def test_on_an_early_day_only_what_was_known_is_given() -> None:
    early = all_defaults(today=date(2019, 1, 1), rates=load_exchange_rates())

    assert not [figure for figure in early if figure.name.startswith("server_price, 8x h100")]
    assert {figure.name for figure in JUDGEMENTS} <= {figure.name for figure in early}
