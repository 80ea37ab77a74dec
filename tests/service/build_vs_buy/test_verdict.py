from dataclasses import replace

import pytest

from service.build_vs_buy.inputs import OptionKind
from service.build_vs_buy.verdict import Gamble, Standing, decide

LOSS = 1_000.0


def standing(
    probability: float | None = 0.5, loss: float = 0.0, mix: Gamble | None = None
) -> Standing:
    own = None if probability is None else Gamble(probability=probability, loss_p5=loss)
    return Standing(
        best_own=None if own is None else OptionKind.OWN_COLOCATION,
        best_other=OptionKind.HOSTED_API,
        own=own,
        mix=mix,
        acceptable_loss=LOSS,
        may_commit=True,
    )


@pytest.mark.parametrize(
    ("found", "kind"),
    [
        (standing(0.75), OptionKind.OWN_COLOCATION),
        (standing(0.75, loss=LOSS), OptionKind.OWN_COLOCATION),
        (standing(0.99, loss=LOSS + 1), OptionKind.COMMIT),
        (standing(0.74), OptionKind.COMMIT),
        (standing(0.36), OptionKind.COMMIT),
        (standing(0.35), OptionKind.HOSTED_API),
        (standing(0.0), OptionKind.HOSTED_API),
        (standing(None), OptionKind.HOSTED_API),
        (replace(standing(0.5), may_commit=False), OptionKind.RENT),
        (replace(standing(0.1), best_other=None), OptionKind.OWN_COLOCATION),
        (standing(0.5, mix=Gamble(probability=0.5, loss_p5=0)), OptionKind.MIXED),
        (standing(0.1, mix=Gamble(probability=0.9, loss_p5=0)), OptionKind.MIXED),
        (standing(None, mix=Gamble(probability=0.9, loss_p5=0)), OptionKind.MIXED),
        (standing(0.1, mix=Gamble(probability=0.9, loss_p5=LOSS + 1)), OptionKind.HOSTED_API),
        (standing(0.8, mix=Gamble(probability=0.5, loss_p5=0)), OptionKind.OWN_COLOCATION),
    ],
)
def test_the_rule_decides(found: Standing, kind: OptionKind) -> None:
    assert decide(found).kind is kind


def test_a_verdict_says_why() -> None:
    assert decide(standing(0.8)).reason == "owning is the cheapest in 80% of the draws"
    assert "loses more than is acceptable" in decide(standing(0.8, loss=LOSS + 1)).reason


def test_without_any_option_there_is_no_verdict() -> None:
    with pytest.raises(ValueError, match="no option is left"):
        decide(replace(standing(None), best_other=None))
