"""What owning costs beside servers and power: staff, upkeep, failures, network, capital, time.

Each row of `opex_params.csv` is one parameter with low, base and high; percentages are read as
shares. A parameter that was published as one figure has no width, one whose source bears no date
the date of reading.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from service.domain.figure import Figure
from service.facts.periods import READ_IN, first_day, undated
from service.facts.quantities import amount_or_zero, share_from_percent
from service.facts.rows import Row, rows_of

_PATH = Path(__file__).with_name("opex_params.csv")
_PERCENT = "%"
_SHARE = "share"


@cache
def load_opex(path: Path = _PATH) -> Mapping[str, Figure]:
    """Read the parameters by name, once in a process.

    Raises BadFacts, also for a range that is none and for a name that occurs twice.
    """
    found: dict[str, Figure] = {}
    for row in rows_of(path):
        figure = _figure(row)
        if figure.name in found:
            raise row.bad("param", f"{figure.name} occurs twice")
        found[figure.name] = figure
    return MappingProxyType(found)


def _figure(row: Row) -> Figure:
    unit = row.read("unit", str)
    is_percent = unit.startswith(_PERCENT)
    read = share_from_percent if is_percent else amount_or_zero
    base = row.read("base", read)
    low, high = row.find("low", read), row.find("high", read)
    name, source = row.read("param", str), row.read("source", str)
    is_dated = row.find("date", first_day) is not None
    date = row.read("date", str) if is_dated else READ_IN
    try:
        return Figure(
            name=name,
            low=base if low is None else low,
            base=base,
            high=base if high is None else high,
            unit=unit.replace(_PERCENT, _SHARE, 1) if is_percent else unit,
            source=source if is_dated else undated(source),
            date=date,
        )
    except ValueError as error:
        raise row.bad("base", f"is outside of its range: {error}") from error
