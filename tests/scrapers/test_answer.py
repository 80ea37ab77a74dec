import gzip
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapers.answer import MIB, Body, text_of
from scrapers.errors import Unreachable, UnsafeResponse


def unpacked(raw: bytes, *, cuts: list[int], max_bytes: int = 10 * MIB) -> bytes:
    body = Body(content_encoding="gzip", max_bytes=max_bytes)
    edges = [0, *sorted(cut for cut in cuts if cut < len(raw)), len(raw)]
    for start, end in pairwise(edges):
        body.feed(raw[start:end])
    return body.finish()


PLAIN = st.one_of(
    st.binary(max_size=300),
    st.integers(min_value=65_000, max_value=66_000).map(lambda size: b"a" * size),
)


@given(
    members=st.lists(PLAIN, min_size=1, max_size=3), cuts=st.lists(st.integers(0, 600), max_size=9)
)
def test_a_gzip_body_is_the_same_however_it_arrives(members: list[bytes], cuts: list[int]) -> None:
    raw = b"".join(gzip.compress(member) for member in members)

    assert unpacked(raw, cuts=cuts) == b"".join(members)


@given(plain=PLAIN, missing=st.integers(1, 400))
def test_a_gzip_body_that_lacks_its_end_is_no_body(plain: bytes, missing: int) -> None:
    raw = gzip.compress(plain)

    with pytest.raises(Unreachable):
        unpacked(raw[:-missing], cuts=[])


def test_small_pages_may_be_packed_as_well_as_they_like() -> None:
    assert len(unpacked(gzip.compress(b"a" * MIB), cuts=[])) == MIB
    with pytest.raises(UnsafeResponse, match="100 times"):
        unpacked(gzip.compress(b"a" * (MIB + 1)), cuts=[])


@given(
    body=st.binary(max_size=60),
    content_type=st.sampled_from(
        ["text/html", "text/html; charset=iso-8859-1", "application/json"]
    ),
)
def test_any_bytes_are_text_without_nul_or_refused(body: bytes, content_type: str) -> None:
    try:
        text = text_of(body, content_type=content_type)
    except UnsafeResponse:
        return
    assert "\0" not in text
    assert "\ufffd" not in text or "\ufffd".encode() in body
