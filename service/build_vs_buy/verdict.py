"""Which option to take, by rule.

Owning ties money up for years, so it has to be likely to win and its bad case bearable; renting
needs neither. The thresholds are our judgement.
"""

from dataclasses import dataclass

from service.build_vs_buy.inputs import OptionKind

PROBABILITY_TO_OWN = 0.75
PROBABILITY_TO_RENT = 0.35


@dataclass(frozen=True, slots=True, kw_only=True)
class Gamble:
    """One option against the others, over the draws.

    `probability` is how often it is the cheapest, `loss_p5` what it loses against the best
    alternative of the base case at the 5th percentile, positive where money is lost.
    """

    probability: float
    loss_p5: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the rule looks at; options that are no choice are left out.

    `best_own` and `best_other` are the cheapest of their kinds in the base case. `own` is the
    gamble of owning, `mix` that of a mixture that is cheaper than any single option in the base
    case. `acceptable_loss` is money.
    """

    best_own: OptionKind | None
    best_other: OptionKind | None
    own: Gamble | None
    mix: Gamble | None
    acceptable_loss: float
    may_commit: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The option to take and the sentence that says why."""

    kind: OptionKind
    reason: str


def decide(standing: Standing) -> Verdict:
    """Return the verdict.

    1. With one side ruled out, the best of the other.
    2. A mixture, if it is as sure to win as owning has to be.
    3. Owning, if it is the cheapest in at least 75 % of the draws and its loss is acceptable.
    4. The best alternative, if owning is the cheapest in at most 35 %.
    5. Between these the mixture, else a commitment, which leaves the question open until its term
       ends, else renting. Raises ValueError without any option.
    """
    own, mix = standing.own, standing.mix
    if standing.best_other is None:
        if standing.best_own is None:
            raise ValueError("no option is left")
        return Verdict(kind=standing.best_own, reason="every way of renting is ruled out")
    if mix is not None and _is_sure(mix, standing.acceptable_loss):
        reason = f"the mixture beats every single option in {mix.probability:.0%} of the draws"
        return Verdict(kind=OptionKind.MIXED, reason=reason)
    if own is None or standing.best_own is None:
        return Verdict(kind=standing.best_other, reason="owning is no choice, or not priced")
    owning = f"owning is the cheapest in {own.probability:.0%} of the draws"
    if _is_sure(own, standing.acceptable_loss):
        return Verdict(kind=standing.best_own, reason=owning)
    if own.probability <= PROBABILITY_TO_RENT:
        return Verdict(kind=standing.best_other, reason=owning)
    if own.probability >= PROBABILITY_TO_OWN:
        owning += ", but in a bad case it loses more than is acceptable"
    return _undecided(standing, owning)


def _undecided(standing: Standing, owning: str) -> Verdict:
    if standing.mix is not None:
        kind, why = OptionKind.MIXED, "the mixture divides the risk"
    elif standing.may_commit:
        kind, why = OptionKind.COMMIT, "a commitment leaves the choice open until it ends"
    else:
        kind, why = OptionKind.RENT, "renting leaves the choice open"
    return Verdict(kind=kind, reason=f"{owning}; {why}")


def _is_sure(gamble: Gamble, acceptable_loss: float) -> bool:
    return gamble.probability >= PROBABILITY_TO_OWN and gamble.loss_p5 <= acceptable_loss
