import contextlib
import json
import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.rest.strict_json import MAX_DEPTH, BadJson, loads

_LEAVES = st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=6)
_JSON = st.recursive(
    _LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(_JSON)
def test_ordinary_json_reads_as_with_the_standard_parser(value: object) -> None:
    assert loads(json.dumps(value).encode()) == value


@given(st.binary(max_size=40))
def test_any_bytes_are_read_or_refused_but_never_crash(data: bytes) -> None:
    with contextlib.suppress(BadJson):
        assert loads(data) == json.loads(data)


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (b'{"a": NaN}', "NaN"),
        (b'{"a": Infinity}', "Infinity"),
        (b'{"a": 1, "a": 2}', "same key twice"),
        (b'{"a": {"b": 1, "b": 1}}', "same key twice"),
        (b'{"a": "\xff"}', "not UTF-8 at byte 7"),
        (b"\xef\xbb\xbf{}", "BOM"),
        (b"{", "line 1 column 2"),
        (b"", "line 1 column 1"),
        (b"{} x", "Extra data"),
        (b"[" * 60_000, "nested deeper than 32"),
        (b'{"a":' * 40 + b"1" + b"}" * 40, "nested deeper than 32"),
    ],
)
def test_what_others_accept_in_silence_is_refused(data: bytes, cause: str) -> None:
    with pytest.raises(BadJson, match=cause):
        loads(data)


def test_the_depth_limit_is_exact_and_brackets_in_strings_do_not_count() -> None:
    assert loads(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)
    with pytest.raises(BadJson):
        loads(b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1))
    assert loads(b'["' + b"[" * 1000 + b'\\"[[["]') == ["[" * 1000 + '"[[[']


@pytest.mark.parametrize("digits", [b"1e400", b"9" * 5000])
def test_a_number_beyond_float_is_infinite_and_left_to_its_field(digits: bytes) -> None:
    assert loads(b'{"a": ' + digits + b"}") == {"a": math.inf}
    assert loads(b'{"a": -' + digits + b"}") == {"a": -math.inf}


def test_a_hostile_body_is_refused_quickly() -> None:
    started = time.thread_time()
    with pytest.raises(BadJson):
        loads(b'{"a":"' + b"\\" * 64_000)
    assert time.thread_time() - started < 0.1
