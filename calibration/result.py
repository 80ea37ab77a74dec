"""What one half of the calibration hands over."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """Constants for a section of calibration.json, and a Markdown section for the report.

    Floats may stand anywhere in `constants`; the writer rounds them to 4 significant digits.
    """

    constants: dict[str, object]
    report: str
