"""Draws: what the uncertain inputs are in each of a number of cases.

The base case, the bars of the tornado and the Monte Carlo are samples of one, a few and thousands
of rows, so that the same code answers all three.
"""

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from service.build_vs_buy.arrays import Floats
from service.domain.figure import Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Values by figure name, shape (draws,); a figure without any has its base in every draw.

    `shocks` are standard normal disturbances of the rental price, shape (months, draws), or None
    where the price keeps to its median path.
    """

    draws: int = 1
    values: Mapping[str, Floats] = dataclasses.field(default_factory=dict[str, Floats])
    shocks: Floats | None = None

    def of(self, figure: Figure) -> Floats:
        """Return the figure's values as a column, shape (draws, 1) or (1, 1)."""
        values = self.values.get(figure.name)
        if values is None:
            return np.full((1, 1), figure.base, np.float64)
        return values[:, np.newaxis]

    def of_optional(self, figure: Figure | None) -> Floats:
        """Return the figure's values as a column; what is not given is nothing."""
        return np.zeros((1, 1)) if figure is None else self.of(figure)

    def fixing(self, figure: Figure, value: float) -> "Sample":
        """Return these draws with one figure at one value in all of them."""
        fixed = np.full(self.draws, value, np.float64)
        return dataclasses.replace(self, values={**self.values, figure.name: fixed})

    def parts(self, rows: int) -> Iterator["Sample"]:
        """Walk the draws, so many rows at a time."""
        for start in range(0, self.draws, rows):
            part = slice(start, start + rows)
            yield Sample(
                draws=len(range(self.draws)[part]),
                values={name: values[part] for name, values in self.values.items()},
                shocks=None if self.shocks is None else self.shocks[:, part],
            )


BASE = Sample()
"""Every figure at its base, the rental price on its median path."""


def one_at_a_time(figures: tuple[Figure, ...]) -> Sample:
    """Return 1 + 2 n draws: the base, then each figure in turn at its low and at its high."""
    draws = 1 + 2 * len(figures)
    values: dict[str, Floats] = {}
    for at, figure in enumerate(figures):
        column = np.full(draws, figure.base, np.float64)  # a base may be an int
        column[1 + 2 * at] = figure.low
        column[2 + 2 * at] = figure.high
        values[figure.name] = column
    return Sample(draws=draws, values=values)
