"""Strings in little memory are the strings that were put in."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.catalog.packed import Compressed, Joined

_STRINGS = st.lists(st.binary(max_size=60), max_size=40)


@given(_STRINGS, st.sampled_from([0, 1, 100]))
def test_what_is_packed_comes_out_again(strings: list[bytes], kept: int) -> None:
    for packed in (Joined(strings), Compressed(strings, kept=kept)):
        assert len(packed) == len(strings)
        for _ in range(2):
            assert [packed[at] for at in range(len(strings))] == strings


@pytest.mark.parametrize("kind", [Joined, Compressed])
def test_strings_may_come_one_at_a_time(kind: type[Joined | Compressed]) -> None:
    packed = kind(str(number).encode() for number in range(100))
    assert [packed[0], packed[99]] == [b"0", b"99"]


def test_alike_strings_take_a_tenth() -> None:
    strings = [b'{"name":"offers/%d",' % at + b'"tax":"NOT_STATED",' * 50 for at in range(500)]
    assert len(Compressed(strings)._frames._all) * 10 < sum(map(len, strings))


def test_threads_may_read_at_once() -> None:
    strings = [f"{at}".encode() * 500 for at in range(200)]
    packed = Compressed(strings, kept=8)
    wrong: list[int] = []

    def read() -> None:
        wrong.extend(at for _ in range(5) for at in range(200) if packed[at] != strings[at])

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
