from pathlib import Path

import pytest

from service.facts.baseline import load_baseline_statuses
from service.facts.provider_support import load_provider_support
from service.facts.rows import BadFacts


def test_every_fact_has_an_address_and_a_provider_that_we_know() -> None:
    known = {status.provider for status in load_baseline_statuses()}
    facts = load_provider_support()
    assert {"azure", "crusoe", "gcp"} <= facts.keys()
    # CoreWeave is collected only where somebody asks for it.
    assert facts.keys() <= known | {"coreweave"}
    for each in facts.values():
        assert all(fact.source.startswith("https://") and fact.text for fact in each)


@pytest.mark.parametrize(
    "row", ["n,,https://x,2026-11", "n,text,,2026-11", "n,text,https://x,soon"]
)
def test_a_fact_without_words_source_or_date_is_a_broken_table(tmp_path: Path, row: str) -> None:
    path = tmp_path / "provider_support.csv"
    path.write_text(f"provider,fact,source,date\n{row}\n")
    with pytest.raises(BadFacts, match="line 2"):
        load_provider_support(path)
