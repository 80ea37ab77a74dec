"""Violations are collected, with what makes them readable for programs."""

import pytest

from service.domain.errors import InvalidRequest, Reason, Violation
from service.rpc.faults import Faults, nearest_of, shown, unknown_text


def test_without_faults_nothing_is_raised() -> None:
    faults = Faults()
    assert not faults
    faults.raise_if_any()


def test_the_first_fault_gives_the_reason_and_all_are_there() -> None:
    faults = Faults()
    faults.add("page_size", "is negative", Reason.BAD_PAGE_SIZE, metadata={"a": "1"})
    faults.add("geo", "is unknown", metadata={"a": "2", "b": "3"})
    assert faults
    with pytest.raises(InvalidRequest, match="page_size: is negative; geo: is unknown") as raised:
        faults.raise_if_any()
    assert raised.value.reason is Reason.BAD_PAGE_SIZE
    assert [v.field for v in raised.value.violations] == ["page_size", "geo"]
    assert raised.value.metadata == {"a": "1", "b": "3"}


def test_a_reader_that_refuses_is_noted_with_its_metadata() -> None:
    def read() -> int:
        raise InvalidRequest.of((Violation("filter", "no", Reason.BAD_FILTER, {"column": "3"}),))

    faults = Faults()
    assert faults.attempt(read, 7) == 7
    assert faults.attempt(lambda: 8, 7) == 8
    with pytest.raises(InvalidRequest) as raised:
        faults.raise_if_any()
    assert raised.value.metadata == {"column": "3"}


def test_faults_of_a_message_inside_have_its_path() -> None:
    faults = Faults()
    inside = faults.under("baseline").under("adjustments[1]")
    inside.add("until", "is no day")
    inside.attempt(_refuse, 0)
    faults.add("model", "is unknown")
    assert len(inside) == len(faults) == 3
    with pytest.raises(InvalidRequest) as raised:
        inside.raise_if_any()
    assert [v.field for v in raised.value.violations] == [
        "baseline.adjustments[1].until",
        "baseline.adjustments[1].filter",
        "model",
    ]


def _refuse() -> int:
    raise InvalidRequest.of((Violation("filter", "no", Reason.BAD_FILTER),))


def test_what_a_caller_wrote_is_shown_bounded_and_escaped() -> None:
    assert shown("a\r\nb") == r"'a\r\nb'"
    assert len(shown("x" * 1000)) == 42


def test_the_nearest_words_are_found_whatever_their_case() -> None:
    assert nearest_of("Lambdaa", ("lambda", "nimbus")) == ("lambda",)
    assert nearest_of("zzz", ("lambda", "nimbus")) == ()
    assert unknown_text("x", "provider", ()) == "'x' is not a provider"
    assert unknown_text("x", "provider", ("y",)) == "'x' is not a provider; nearest: 'y'"
