"""Energy and what it costs."""

from service.build_vs_buy.arrays import Floats


def mean_kw(nameplate_kw: Floats, *, idle: Floats, load: Floats, used: Floats) -> Floats:
    """Return the mean draw of a machine that works for a share `used` of the time.

    `idle` and `load` are the shares of its nameplate that it draws without work and with.
    """
    return nameplate_kw * (idle + (load - idle) * used)


def energy_kwh(kw: Floats, hours: float, *, pue: Floats) -> Floats:
    """Return what the meter of the building counts for a draw over so many hours."""
    return kw * hours * pue


def energy_cost(kw: Floats, hours: float, *, pue: Floats, per_kwh: Floats) -> Floats:
    """Return kW x hours x PUE x price a kWh."""
    return energy_kwh(kw, hours, pue=pue) * per_kwh
