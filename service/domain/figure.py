"""An input that is not known exactly: a range with a middle, and where it comes from."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One assumption: `low` <= `base` <= `high` in `unit`, from `source` of `date` (ISO 8601).

    What a caller has given is exact: its three values are equal and its source is "given".
    """

    name: str
    low: float
    base: float
    high: float
    unit: str
    source: str
    date: str = ""

    def __post_init__(self) -> None:
        """Refuse a range that is none. Raises ValueError."""
        if not self.low <= self.base <= self.high:
            raise ValueError(f"{self.name}: {self.low} / {self.base} / {self.high} is no range")

    @classmethod
    def given(cls, name: str, value: float, unit: str) -> "Figure":
        """Return a figure that the caller knows."""
        return cls(name=name, low=value, base=value, high=value, unit=unit, source="given")
