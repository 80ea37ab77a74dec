import pytest

from service.facts.quantities import amount, amount_or_zero, share_from_percent


def test_percentages_become_shares() -> None:
    assert share_from_percent("8.6") == 0.086
    assert share_from_percent("0") == 0
    assert share_from_percent("100") == 1


@pytest.mark.parametrize("text", ["-1", "100.1", "five", "nan"])
def test_no_share_is_outside_of_0_to_100_percent(text: str) -> None:
    with pytest.raises(ValueError, match=r"0 to 100|plain decimal"):
        share_from_percent(text)


def test_an_amount_is_above_zero() -> None:
    assert amount("195.94") == 195.94
    with pytest.raises(ValueError, match="above zero"):
        amount("0")


def test_some_amounts_may_be_zero() -> None:
    assert amount_or_zero("0") == 0
    with pytest.raises(ValueError, match="below zero"):
        amount_or_zero("-1")
