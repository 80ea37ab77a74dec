"""A range from several published values: the smallest, the median and the largest."""

from collections.abc import Iterable, Sequence
from statistics import median

from service.domain.figure import Figure


def spread(
    name: str,
    values: Sequence[float],
    *,
    unit: str,
    sources: Iterable[str],
    date: str,
    base: float | None = None,
) -> Figure:
    """Return the figure of published values; `base` is their median unless it is known better.

    One value alone gives a range without width: how far it may be off is not known. Raises
    ValueError for no values, and for a base outside of them.
    """
    if not values:
        raise ValueError(f"{name}: there are no values")
    return Figure(
        name=name,
        low=min(values),
        base=median(values) if base is None else base,
        high=max(values),
        unit=unit,
        source=joined(sources),
        date=date,
    )


def joined(sources: Iterable[str]) -> str:
    """Return sources as one text, each once, in their order."""
    return " | ".join(dict.fromkeys(sources))
