import csv
from pathlib import Path

from service.facts.software_evidence import load_software_evidence

FACTS = Path(__file__).parents[3] / "service" / "facts"


def rows_of(name: str) -> int:
    with (FACTS / name).open(encoding="utf-8", newline="") as file:
        return sum(1 for _ in csv.DictReader(file))


def test_every_measured_row_counts_for_one_vendor() -> None:
    every = load_software_evidence().values()
    serving = sum(sum(one.serving.values()) for one in every)
    assert serving == rows_of("measured_serving.csv")
    assert sum(one.training for one in every) == rows_of("measured_training.csv")


def test_the_note_names_engines_and_says_where_nothing_was_measured() -> None:
    evidence = load_software_evidence()
    nvidia = evidence["NVIDIA"].note("NVIDIA")
    assert "vLLM" in nvidia
    assert "TensorRT-LLM" in nvidia
    google = evidence["Google"]
    assert google.note("Google").startswith("measured rows of Google: no serving; training ")
    assert google.training
    assert evidence["Intel"].note("Intel").startswith("no measured rows of Intel: ")
