import hashlib
import json
from pathlib import Path

from calibration import fit
from calibration.report import report_text

DATA = Path(fit.__file__).parent / "data"


def test_floats_have_four_digits_and_the_rest_stays() -> None:
    found = fit.rounded({"a": [0.123456, 12345.6], "n": 12345, "text": "12345.678", "none": None})
    assert found == {"a": [0.1235, 12350.0], "n": 12345, "text": "12345.678", "none": None}


def test_the_constants_name_the_tables_that_they_come_from() -> None:
    tables = json.loads(fit.CONSTANTS.read_text(encoding="utf-8"))["tables"]
    assert tables == {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in DATA.glob("*.csv")
    }


def test_the_report_has_its_sections_and_the_tables_hashes() -> None:
    text = report_text(["## One", "## Two"], hashes=[("runs.csv", "abc")])
    assert text.startswith("# Calibration report")
    assert "| runs.csv | `abc` |" in text
    assert text.index("## One") < text.index("## Two")
