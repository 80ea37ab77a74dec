"""The rules of the gate as a table. A row is judged by the first rule that it fails.

What is not in it: a row whose currency or unit is not on the page is a reject before the gate sees
it (R0), removals are in `vanished.py` (R7: when more than 30 % and at least two offers of a GPU
and purchase model are gone, they stay UNCONFIRMED for three runs), and a page that lacks a
heading or key that its parser needs fails the run (R9); one that is only built otherwise than
before is told in the run's detail and accepts no jump by repetition (`structure.py`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from scrapers import row_rules, run_rules
from scrapers.row_rules import Row
from scrapers.run_rules import Run

Judged = TypeVar("Judged")


class Effect(StrEnum):
    """What a complaint leads to."""

    REJECT = "reject row"
    QUARANTINE = "quarantine row"
    QUARANTINE_UNTIL_CONFIRMED = "quarantine row until confirmed"
    REVIEW = "publish as provisional, and review"
    HOLD = "hold snapshot"


@dataclass(frozen=True, slots=True)
class Rule(Generic[Judged]):
    """One line of the table. `complaint` says what is wrong, "" for what passes.

    `threshold` tells people what passes; the numbers themselves stand beside the code of the rule.
    """

    name: str
    reason: str
    threshold: str
    effect: Effect
    complaint: Callable[[Judged], str]


# fmt: off
# What holds a row stands before what only puts it on trial, and what tells most stands first.
ROW_RULES: tuple[Rule[Row], ...] = (
    Rule("R0", "PRICE_NOT_POSITIVE", "finite and above zero",
         Effect.REJECT, row_rules.not_a_price),
    Rule("R0", "DUPLICATE_OFFER", "the page says one thing of one offer",
         Effect.REJECT, row_rules.contradicted),
    Rule("R1", "PRICE_OUT_OF_BOUNDS", "within the bounds of the GPU's class, spot a quarter lower",
         Effect.QUARANTINE, row_rules.out_of_bounds),
    Rule("R5", "COUNT_MISMATCH", "total / count is the price of one GPU within 1 %",
         Effect.QUARANTINE, row_rules.sum_is_wrong),
    Rule("R5", "VRAM_MISMATCH", "memory is the model's within 8 %",
         Effect.QUARANTINE, row_rules.other_vram),
    Rule("R2", "UNIT_CHANGED", "not the last amount in another currency or for another unit",
         Effect.QUARANTINE, row_rules.in_other_unit),
    Rule("R2", "PRICE_JUMP", "1/1.35 to 1.35 of the last accepted; spot, marketplace 1/3 to 3",
         Effect.QUARANTINE_UNTIL_CONFIRMED, row_rules.jumped),
    Rule("R11", "PRICE_ORDER", "not newly: spot > 1.05, reserved > 1.02 of on-demand; many > 1.5",
         Effect.QUARANTINE, row_rules.in_disorder),
    Rule("R2", "MARKET_MOVE", "marketplace, not spot: 1/1.35 to 1.35 of the last, or seen twice",
         Effect.REVIEW, row_rules.moved_on_market),
    Rule("R3", "OFF_MARKET", "new: within a factor of 3 of >= 3 other providers, at the own level",
         Effect.REVIEW, row_rules.off_market),
    Rule("R4", "UNLIKE_SIBLINGS", "new: within a factor of 4 of >= 3 of the same GPU and region",
         Effect.REVIEW, row_rules.unlike_siblings),
)
RUN_RULES: tuple[Rule[Run], ...] = (
    Rule("R6", "COMMON_FACTOR", "not >= 5 and >= 60 % of known rows by one ratio, off by > 2 %",
         Effect.HOLD, run_rules.common_factor),
    Rule("R10", "OFF_LEVEL", "nothing accepted yet: 0.4 (hosts 0.2) to 4.5 of the market, 3 models",
         Effect.HOLD, run_rules.off_level),
    Rule("R8", "TOO_MANY_FAILED", "at most a quarter of >= 4 rows fails R0 to R5 or is not read",
         Effect.HOLD, run_rules.too_many_failed),
)
# fmt: on


def first_complaint(
    rules: tuple[Rule[Judged], ...], judged: Judged
) -> tuple[Rule[Judged], str] | None:
    """Return the first rule that fails, and why; None where all pass."""
    for rule in rules:
        complaint = rule.complaint(judged)
        if complaint:
            return rule, complaint
    return None
