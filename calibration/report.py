"""The report: how well the calibrated estimators hold on what they did not see."""

from collections.abc import Sequence

_HEAD = """\
# Calibration report

Written by `make calibration`; every number is computed from the tables in `calibration/data`.
An error is |predicted / measured - 1|. "Not seen" means that the row's model, and every model of
the same sizes, was left out of the fit that predicts it.
"""


def report_text(sections: Sequence[str], *, hashes: Sequence[tuple[str, str]]) -> str:
    """Return the report in Markdown. `hashes` are names and sha256 of the tables."""
    tables = ["| table | sha256 |", "|---|---|"]
    tables += [f"| {name} | `{digest}` |" for name, digest in hashes]
    return "\n".join([_HEAD, "\n".join(tables), "", *(one.rstrip() + "\n" for one in sections)])
