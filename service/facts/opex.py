"""What owning costs beside servers and power: staff, upkeep, failures, network, capital, time.

Each row of `opex_params.csv` is one parameter with low, base and high; percentages are read as
shares. A parameter that was published as one figure has no width.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from service.domain.figure import Figure
from service.facts.judgements import GPUS_PER_FTE, STAFF_AT_LEAST_FTE
from service.facts.quantities import amount_or_zero, share_from_percent
from service.facts.rows import Row, rows_of

_PATH = Path(__file__).with_name("opex_params.csv")
_PERCENT = "%"
_SHARE = "share"
# The largest clusters, in nodes of 8 GPUs, of which the network's share is known; a cluster takes
# the share of the next larger size. NICs are in the server's price.
_NETWORK_STEPS = (
    (2, "network_share_of_capex_1_2_nodes"),
    (64, "network_share_of_capex_64_nodes"),
    (2048, "network_share_of_capex_128_2048_nodes"),
    (4096, "network_share_of_capex_4096_nodes"),
)


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


def network_share_of_capex(opex: Mapping[str, Figure], *, node_count: int) -> Figure | None:
    """Return the network's share of capital cost, None above 4,096 nodes: nothing is known there.

    Raises ValueError for less than one node.
    """
    if node_count < 1:
        raise ValueError("a cluster has at least one node")
    return next((opex[name] for most, name in _NETWORK_STEPS if node_count <= most), None)


def staff_fte(*, gpu_count: int) -> Figure:
    """Return the full-time people that a fleet takes: half of one, and one for every 150 GPUs.

    The range is one for every 250 to 100. Raises ValueError for a count below zero.
    """
    if gpu_count < 0:
        raise ValueError("a fleet has no less than zero GPUs")
    low, base, high = (STAFF_AT_LEAST_FTE + gpu_count / gpus for gpus in GPUS_PER_FTE)
    return Figure(
        name="staff_fte",
        low=low,
        base=base,
        high=high,
        unit="FTE",
        source=(
            "our judgement between published ratios: one for 50 to 100 GPUs (Introl), three for"
            " 248 (Penguin Solutions, Olds), one for 50 to 100 servers (tensorsmesh)"
        ),
        date="2026-11",
    )


def _figure(row: Row) -> Figure:
    unit = row.read("unit", str)
    is_percent = unit.startswith(_PERCENT)
    read = share_from_percent if is_percent else amount_or_zero
    base = row.read("base", read)
    low, high = row.find("low", read), row.find("high", read)
    name, source = row.read("param", str), row.read("source", str)
    try:
        return Figure(
            name=name,
            low=base if low is None else low,
            base=base,
            high=base if high is None else high,
            unit=unit.replace(_PERCENT, _SHARE, 1) if is_percent else unit,
            source=source,
        )
    except ValueError as error:
        raise row.bad("base", f"is outside of its range: {error}") from error
