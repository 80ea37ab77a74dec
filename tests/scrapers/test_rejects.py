"""Rows that were not used, made fit to be shown."""

from hypothesis import given
from hypothesis import strategies as st

from scrapers.provider import Reject
from scrapers.rejects import counted, escaped, one_line


def test_rejects_are_counted_by_reason_the_most_frequent_first() -> None:
    rejects = [Reject(reason=reason, text="x") for reason in ("B", "A", "C", "C")]
    assert [(c.reason, c.row_count) for c in counted(rejects)] == [("C", 2), ("A", 1), ("B", 1)]


def test_samples_are_few_short_different_and_harmless() -> None:
    texts = [f"{number} \x1b[31m\u202e" + "x" * 500 for number in range(9)]
    (count,) = counted(Reject(reason="NO_PRICE", text=text) for text in texts + texts)
    assert count.row_count == 18
    assert len(set(count.samples)) == len(count.samples) == 5
    assert all(len(sample) <= 200 and sample.isprintable() for sample in count.samples)


@given(st.text(), st.integers(min_value=1, max_value=50))
def test_a_line_is_printable_and_within_its_limit(text: str, limit: int) -> None:
    line = one_line(text, limit=limit)
    assert line.isprintable()
    assert len(line) <= limit


@given(st.text(max_size=300), st.integers(min_value=0, max_value=400))
def test_evidence_prints_and_keeps_its_limit(text: str, limit: int) -> None:
    kept = escaped(text, max_bytes=limit)

    assert kept.isprintable()
    assert len(kept.encode()) <= limit


def test_what_does_not_print_is_shown_as_its_escape() -> None:
    assert escaped("a\x1b[2J\u202eé\n", max_bytes=100) == "a\\x1b[2J\\u202eé\\n"
