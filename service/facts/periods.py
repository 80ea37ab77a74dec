"""When a row of a table begins to count: its date may be a day, a month, a quarter or a year.

Pages without a date are told apart: what counts of them is when they were read.
"""

import re
from datetime import date

_PERIOD = re.compile(
    r"(?P<year>[0-9]{4})"
    r"(?:-(?:(?P<month>[0-9]{2})(?:-(?P<day>[0-9]{2}))?|Q(?P<quarter>[1-4])|H(?P<half>[12])))?",
    re.ASCII,
)
_MONTHS_OF_YEAR = 12

READ_IN = "2026-11"
"""When the sources that bear no date of their own were read; figures from them have this date."""


def first_day(period: str) -> date:
    """Return the first day of "2026-03-16", "2026-03", "2026-Q1", "2025-H2" or "2026".

    Raises ValueError for any other text, and for a day that no calendar has.
    """
    match = _PERIOD.fullmatch(period)
    if match is None:
        raise ValueError("is no day, month, quarter, half or year")
    month = int(match["month"] or 1)
    if match["quarter"]:
        month = 3 * int(match["quarter"]) - 2
    elif match["half"]:
        month = 6 * int(match["half"]) - 5
    return date(int(match["year"]), month, int(match["day"] or 1))


def is_within_months(earlier: date, later: date, *, months: int) -> bool:
    """Say whether no more than so many calendar months lie between two days."""
    begin = (later.year * _MONTHS_OF_YEAR + later.month - months, later.day)
    return (earlier.year * _MONTHS_OF_YEAR + earlier.month, earlier.day) >= begin


def undated(source: str) -> str:
    """Return the text of a source that bears no date of its own."""
    return f"{source} (undated, read in {READ_IN})"
