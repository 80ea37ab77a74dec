"""When servers are bought, stand, and are sold again, counted in servers.

Servers for the first month are paid on the day of the decision and work from the end of the lead
time on. Those that growth asks for are paid when their month begins, having been ordered in time.
Demand that shrinks leaves servers standing.
"""

from dataclasses import dataclass

import numpy as np

from service.build_vs_buy.arrays import Floats
from service.build_vs_buy.inputs import Own
from service.build_vs_buy.residual import residual_share
from service.build_vs_buy.sample import Sample


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchases:
    """Servers, each array (draws, months + 1).

    `needed` would serve the month, `working` do; `bought` are paid at the month's end and serve
    from then on. `start` is the month at whose end the first may stand.
    """

    needed: Floats
    working: Floats
    bought: Floats
    start: int
    refresh_months: int | None

    @property
    def served_share(self) -> Floats:
        """The share of the month's work that the servers do, 0 where there is none."""
        return self.working / np.maximum(self.needed, 1)

    def sold_at(self, month: int) -> tuple[Floats, Floats]:
        """Return how many servers leave at the end of a month by age, and the ages in months.

        Shapes (draws, ages) and (ages,). At the horizon all of them go, before it those that are
        replaced.
        """
        months = self.bought.shape[1] - 1
        if month == months:
            oldest = month if self.refresh_months is None else min(month, self.refresh_months)
            ages = np.arange(1, oldest + 1)
        elif self.refresh_months is not None and month >= self.refresh_months:
            ages = np.array([self.refresh_months])
        else:
            ages = np.array([], dtype=np.int64)
        return self.bought[:, month - ages], ages.astype(np.float64)

    def standing_at(self, month: int) -> tuple[Floats, Floats]:
        """Return how many servers of each age there are at the end of a month, as `sold_at`.

        What is replaced in that month has gone, what is bought in it has come.
        """
        if month == self.bought.shape[1] - 1:
            return self.sold_at(month)
        oldest = month if self.refresh_months is None else min(month, self.refresh_months - 1)
        ages = np.arange(oldest + 1)
        return self.bought[:, month - ages], ages.astype(np.float64)


def purchases(needed: Floats, own: Own, sample: Sample, *, start: int = 0) -> Purchases:
    """Return when the servers that are needed are bought and work.

    `start` is the month at whose end a building is ready: servers are ordered while it is built.
    """
    months = needed.shape[1] - 1
    standing = needed.copy()
    standing[:, : start + 1] = 0
    bought = np.zeros_like(standing)
    bought[:, :-1] = np.diff(standing, axis=1)
    if own.refresh_months is not None:
        for month in range(own.refresh_months, months):
            bought[:, month] += bought[:, month - own.refresh_months]
    wait = np.maximum(sample.of(own.lead_time_months) - start, 0)
    arrived = np.clip(np.arange(months + 1) - start - wait, 0, 1)
    first = standing[:, start + 1 : start + 2] if start < months else np.zeros((1, 1))
    working = standing - np.minimum(standing, first) * (1 - arrived)
    return Purchases(
        needed=needed,
        working=working,
        bought=bought,
        start=start,
        refresh_months=own.refresh_months,
    )


def resale(bought: Purchases, own: Own, sample: Sample) -> Floats:
    """Return what is taken for servers that leave, in prices of a new one, (draws, months + 1)."""
    months = bought.bought.shape[1] - 1
    taken: Floats = np.zeros(np.broadcast_shapes(bought.bought.shape, (sample.draws, 1)))
    first_sale = months if own.refresh_months is None else min(own.refresh_months, months)
    for month in range(first_sale, months + 1):
        count, ages = bought.sold_at(month)
        taken[:, month] = _worth(count, ages, own, sample)
    return taken


def value_by_month(bought: Purchases, own: Own, sample: Sample) -> Floats:
    """Return what all servers that stand would bring, in prices of a new one, by month."""
    months = bought.bought.shape[1] - 1
    worth = [_worth(*bought.standing_at(month), own, sample) for month in range(months + 1)]
    return np.stack(worth, axis=1)


def _worth(count: Floats, ages: Floats, own: Own, sample: Sample) -> Floats:
    sold = np.any(count, axis=0)
    share = residual_share(own, sample, ages[sold])
    return np.asarray((count[:, sold] * share).sum(axis=1))
