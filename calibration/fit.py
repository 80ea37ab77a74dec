"""Writes service/facts/calibration.json and calibration/REPORT.md from calibration/data.

Constants are rounded to 4 significant digits, so that the file comes out the same bit for bit on
any machine.
"""

import hashlib
import importlib
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

from calibration.report import report_text
from calibration.result import Fit

_FOLDER = Path(__file__).parent
CONSTANTS = _FOLDER.parent / "service" / "facts" / "calibration.json"
_REPORT = _FOLDER / "REPORT.md"
# When the tables were last added to.
TABLES_DATE = "2026-11-23"
_DIGITS = 4
_HALVES = ("training", "serving")


def main() -> None:
    """Fit both halves and write the two files."""
    fits = {name: _fit(name) for name in _HALVES}
    hashes = tuple(
        (path.name, hashlib.sha256(path.read_bytes()).hexdigest())
        for path in sorted((_FOLDER / "data").glob("*.csv"))
    )
    document = {
        "tables_date": TABLES_DATE,
        "tables": dict(hashes),
        **{name: rounded(fit.constants) for name, fit in fits.items()},
    }
    text = json.dumps(document, indent=1, sort_keys=False) + "\n"
    CONSTANTS.write_text(text, encoding="utf-8")
    sections = [fit.report for fit in fits.values()]
    _REPORT.write_text(report_text(sections, hashes=hashes), encoding="utf-8")
    print(f"wrote {CONSTANTS.name} and {_REPORT.name}")


def rounded(value: object) -> object:
    """Return a value of JSON with every float to 4 significant digits."""
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS}g}") if math.isfinite(value) else value
    if isinstance(value, Mapping):
        return {name: rounded(one) for name, one in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [rounded(one) for one in value]
    return value


def _fit(name: str) -> Fit:
    return cast("Fit", importlib.import_module(f"calibration.{name}").fit())


if __name__ == "__main__":
    main()
