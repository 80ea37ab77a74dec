"""Numbers in the cells of the tables, as the calculations take them."""

from service.domain.money import decimal_from_text
from service.facts.rows import above_zero

_PERCENT = 100


def amount(text: str) -> float:
    """Read a number above zero. Raises ValueError."""
    return float(above_zero(text))


def amount_or_zero(text: str) -> float:
    """Read a number that is not below zero. Raises ValueError."""
    number = decimal_from_text(text)
    if number < 0:
        raise ValueError("must not be below zero")
    return float(number)


def share_from_percent(text: str) -> float:
    """Read a percentage from 0 to 100 as a share from 0 to 1. Raises ValueError."""
    percent = decimal_from_text(text)
    if not 0 <= percent <= _PERCENT:
        raise ValueError("must be from 0 to 100")
    return float(percent / _PERCENT)
