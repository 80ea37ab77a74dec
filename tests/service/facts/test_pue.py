from datetime import date

import pytest

from service.facts.pue import SiteKind, load_pue, pue

TODAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("kind", "low", "base", "high", "year"),
    [
        (SiteKind.COLOCATION, 1.3, 1.4, 1.5, "2025"),
        (SiteKind.SURVEY, 1.55, 1.56, 1.59, "2024"),
        (SiteKind.HYPERSCALE, 1.08, 1.1, 1.18, "2024"),
        (SiteKind.CALCULATOR, 1.6, 1.6, 1.6, ""),
    ],
)
def test_each_kind_of_site_has_its_own_range(
    kind: SiteKind, low: float, base: float, high: float, year: str
) -> None:
    figure = pue(load_pue(), kind, today=TODAY)

    assert figure is not None
    assert (figure.low, figure.base, figure.high) == pytest.approx((low, base, high))
    assert (figure.name, figure.date) == (f"pue_{kind}", year)


def test_a_scope_counts_with_its_newest_row() -> None:
    figure = pue(load_pue(), SiteKind.COLOCATION, today=date(2023, 6, 1))

    assert figure is not None
    # Equinix: 1.46 in 2022, 1.42 in 2023.
    assert (figure.low, figure.high) == (1.42, 1.42)


def test_before_all_rows_there_is_none() -> None:
    assert pue(load_pue(), SiteKind.HYPERSCALE, today=date(2022, 12, 31)) is None
