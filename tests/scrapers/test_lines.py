"""Lists that are far too long: a few lines of them, with bounded memory."""

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapers import answer, lines
from scrapers.answer import Body
from scrapers.errors import UnsafeResponse
from scrapers.lines import LineFilter

LIST = b"disclaimer\nsku,type,price\na,p5.48xlarge,55\nb,m5.large,0.09\nc,g6.xlarge,0.8\n"


def filtered(text: bytes, *wanted: str, header_lines: int = 2, step: int = 7) -> bytes:
    keeper = LineFilter(wanted=wanted, header_lines=header_lines)
    for at in range(0, len(text), step):
        keeper.feed(text[at : at + step])
    return keeper.finish()


def test_the_first_lines_and_those_with_a_wanted_text_are_kept() -> None:
    assert filtered(LIST, "p5.", "g6.") == (
        b"disclaimer\nsku,type,price\na,p5.48xlarge,55\nc,g6.xlarge,0.8\n"
    )


def test_a_list_without_a_wanted_text_keeps_its_header() -> None:
    assert filtered(LIST, "quantum") == b"disclaimer\nsku,type,price\n"


def test_a_list_that_is_cut_off_does_not_look_whole() -> None:
    assert filtered(LIST[:-3], "g6.", header_lines=0) == b"c,g6.xlarge,0"


def test_every_line_is_wanted_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="every line"):
        filtered(LIST, "")


@given(
    rows=st.lists(st.text("abn\r,é", max_size=12), max_size=30),
    wanted=st.lists(st.text("abé", min_size=1, max_size=2), min_size=1, max_size=3),
    header_lines=st.integers(0, 4),
    step=st.integers(1, 40),
    ends_well=st.booleans(),
)
def test_it_keeps_what_looking_at_each_line_would(
    rows: list[str], wanted: list[str], header_lines: int, step: int, *, ends_well: bool
) -> None:
    text = "\n".join(rows) + "\n" * ends_well
    expected = "".join(
        line
        for number, line in enumerate(text.split("\n"))
        for line in [line + "\n" * (number < text.count("\n"))]
        if number < header_lines or any(each in line for each in wanted)
    )
    found = filtered(text.encode(), *wanted, header_lines=header_lines, step=step)
    assert found.decode() == expected


def test_a_line_without_an_end_is_not_kept_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MAX_LINE_BYTES", 1_000)
    assert filtered(b"x" * 999 + b"\n", "y", header_lines=0) == b""
    with pytest.raises(UnsafeResponse, match="longer"):
        filtered(b"x" * 1_100, "y")


def test_lines_that_are_all_wanted_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MAX_KEPT_BYTES", 1_000)
    with pytest.raises(UnsafeResponse, match="are wanted"):
        filtered(b"p5\n" * 400, "p5")


def body_of(packed: bytes) -> bytes:
    body = Body(
        content_encoding="gzip",
        max_bytes=1,
        lines=LineFilter(wanted=("p5",), header_lines=1),
    )
    for at in range(0, len(packed), 1000):
        body.feed(packed[at : at + 1000])
    return body.finish()


def test_an_honest_list_may_unpack_to_more_than_a_hundred_times_its_size() -> None:
    text = b"sku\n" + b"m5.large,0.096,USD,Linux,Shared,OnDemand\n" * 200_000 + b"p5,55\n"
    packed = gzip.compress(text)
    assert len(text) > 150 * len(packed)
    assert body_of(packed) == b"sku\np5,55\n"


def test_a_list_has_a_largest_size_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer, "MAX_LIST_BYTES", 1_000_000)
    with pytest.raises(UnsafeResponse, match="larger"):
        body_of(gzip.compress(b"m5.large,0.096\n" * 100_000))
