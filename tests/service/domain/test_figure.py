import pytest

from service.domain.figure import Figure


def test_what_is_given_is_exact_and_says_so() -> None:
    figure = Figure.given("pue", 1.4, "ratio")
    assert (figure.low, figure.base, figure.high) == (1.4, 1.4, 1.4)
    assert figure.source == "given"


@pytest.mark.parametrize(("low", "base", "high"), [(2.0, 1.0, 3.0), (1.0, 4.0, 3.0)])
def test_a_base_outside_its_range_is_refused(low: float, base: float, high: float) -> None:
    with pytest.raises(ValueError, match=r"^pue: .* is no range$"):
        Figure(name="pue", low=low, base=base, high=high, unit="ratio", source="a table")
