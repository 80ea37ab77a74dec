from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.facts.periods import first_day, is_within_months


@pytest.mark.parametrize(
    ("period", "day"),
    [
        ("2026", date(2026, 1, 1)),
        ("2026-03", date(2026, 3, 1)),
        ("2026-03-16", date(2026, 3, 16)),
        ("2026-Q1", date(2026, 1, 1)),
        ("2026-Q4", date(2026, 10, 1)),
        ("2025-H1", date(2025, 1, 1)),
        ("2025-H2", date(2025, 7, 1)),
    ],
)
def test_a_period_begins_on_its_first_day(period: str, day: date) -> None:
    assert first_day(period) == day


@pytest.mark.parametrize(
    "text", ["", "26", "2026-13", "2026-02-30", "2026-Q5", "2020-23", "launch", "2024-2", " 2026"]
)
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"day|month|period"):
        first_day(text)


@given(st.dates(min_value=date(1900, 1, 1)))
def test_a_day_begins_on_itself(day: date) -> None:
    assert first_day(day.isoformat()) == day


@pytest.mark.parametrize(
    ("earlier", "is_within"),
    [
        (date(2024, 2, 4), True),
        (date(2024, 2, 3), False),
        (date(2026, 2, 3), True),
        (date(2026, 3, 1), True),
    ],
)
def test_calendar_months_are_counted_to_the_day(earlier: date, *, is_within: bool) -> None:
    assert is_within_months(earlier, date(2026, 2, 4), months=24) is is_within
