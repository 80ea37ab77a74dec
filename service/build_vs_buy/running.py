"""What one server costs while it runs, a month: power, place, people, repairs."""

from dataclasses import dataclass

import numpy as np

from service.build_vs_buy.arrays import Floats
from service.build_vs_buy.electricity import energy_cost, mean_kw
from service.build_vs_buy.inputs import Running
from service.build_vs_buy.sample import Sample
from service.build_vs_buy.units import MONTHS_PER_YEAR


def power_per_server_month(
    running: Running, sample: Sample, *, used: Floats, pue: Floats, hours_per_month: float
) -> Floats:
    """Return what a server's electricity costs a month when it works for a share `used` of it."""
    kw = mean_kw(
        sample.of(running.power_kw_per_server),
        idle=sample.of(running.idle_fraction),
        load=sample.of(running.load_fraction),
        used=used,
    )
    per_kwh = sample.of(running.electricity_per_kwh)
    return energy_cost(kw, hours_per_month, pue=pue, per_kwh=per_kwh)


def colocation_per_server_month(running: Running, sample: Sample) -> Floats:
    """Return the rent of a server's place: it is sold by nameplate power."""
    return sample.of(running.power_kw_per_server) * sample.of(running.colocation_per_kw_month)


def cash_cost_per_gpu_hour(
    running: Running, sample: Sample, *, gpus_per_server: int, hours_per_month: float
) -> Floats:
    """Return power and colocation of a GPU that always works: below it nobody rents one out."""
    month = colocation_per_server_month(running, sample)
    if not running.colocation_includes_power:
        month = month + power_per_server_month(
            running,
            sample,
            used=np.ones((1, 1)),
            pue=sample.of(running.pue),
            hours_per_month=hours_per_month,
        )
    return month / (gpus_per_server * hours_per_month)


def staff(running: Running, sample: Sample, *, gpus: Floats) -> Floats:
    """Return the full-time posts for so many GPUs: a fixed part from the first on, and a share."""
    fixed = sample.of(running.fte_fixed) * (gpus > 0)
    return fixed + sample.of(running.fte_per_gpu) * gpus


@dataclass(frozen=True, slots=True, kw_only=True)
class Repairs:
    """What keeping a server whole costs a month, as columns of money."""

    maintenance: Floats
    failures: Floats


def repairs_per_server_month(running: Running, sample: Sample, *, server_price: Floats) -> Repairs:
    """Return the maintenance contract and the replacement of failed GPUs.

    `failure_rate` is the share of GPUs that fail for good in a year, at the server's price. Under
    warranty the contract replaces them.
    """
    maintenance = sample.of(running.maintenance_fraction) * server_price / MONTHS_PER_YEAR
    failures = sample.of(running.failure_rate) * server_price / MONTHS_PER_YEAR
    if running.under_warranty:
        failures = np.zeros((1, 1))
    return Repairs(maintenance=maintenance, failures=failures)
