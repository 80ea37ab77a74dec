import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.facts.spread import joined, spread


@given(st.lists(st.floats(0, 1e9), min_size=1))
def test_a_range_holds_all_values(values: list[float]) -> None:
    figure = spread("x", values, unit="USD", sources=["a"], date="2026")

    assert figure.low == min(values)
    assert figure.high == max(values)
    assert figure.low <= figure.base <= figure.high


def test_the_middle_is_the_median_unless_it_is_known_better() -> None:
    values = [1.0, 2.0, 9.0]

    assert spread("x", values, unit="", sources=[], date="").base == 2.0
    assert spread("x", values, unit="", sources=[], date="", base=9.0).base == 9.0


def test_a_middle_outside_of_the_values_is_refused() -> None:
    with pytest.raises(ValueError, match="no range"):
        spread("x", [1.0, 2.0], unit="", sources=[], date="", base=3.0)


def test_no_values_give_no_figure() -> None:
    with pytest.raises(ValueError, match="no values"):
        spread("x", [], unit="", sources=[], date="")


def test_a_source_is_named_once() -> None:
    assert joined(["b", "a", "b"]) == "b | a"
