"""The bundled baseline against the recordings that it was read from."""

from pathlib import Path

import pytest

from scrapers import __main__ as command
from service import logs
from service.facts.baseline import BASELINE_PATH, load_baseline

CAPTURES = BASELINE_PATH.parents[2].parent / "shared" / "captures"


@pytest.mark.skipif(not CAPTURES.is_dir(), reason="the recordings are not beside the project")
def test_the_bundled_baseline_is_what_our_scrapers_read_today(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "set_up", lambda _: None)
    path = tmp_path / "baseline.jsonl"
    arguments = ["baseline", "--replay", str(CAPTURES), "--output", str(path)]
    assert command.main(arguments, {"GPUQUOTE_DATA_DIR": str(tmp_path)}) == 0
    assert path.read_bytes() == BASELINE_PATH.read_bytes(), (
        "write it anew: python -m scrapers baseline --replay DIR"
    )


def test_lambda_h100_reads_as_printed() -> None:
    """Known by hand from the page of 2026-08-22."""
    (snapshot,) = [s for s in load_baseline() if s.provider == "lambda"]
    prices = {
        int(offer.gpu_count): str(offer.listed.amount.amount)
        for offer in snapshot.offers
        if offer.gpu_model == "h100-sxm-80gb" and offer.purchase_model.value == "ON_DEMAND"
    }
    assert prices == {8: "3.99", 4: "4.09", 2: "4.19", 1: "4.29"}
