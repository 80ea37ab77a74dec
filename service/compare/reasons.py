"""Why a placement is not the best, in a few words."""

import math

from service.compare.questions import Ranking

_LEAST_SHOWN = 0.001
_WHOLE_FROM = 0.1
_TIMES_FROM = 2.0


def why_not(  # noqa: PLR0911 - one line for each case
    ranking: Ranking,
    *,
    dearer: float,
    slower: float,
    is_less_sure: bool,
    is_measured: bool,
    is_best_measured: bool,
    counts_by_output: bool = False,
) -> str:
    """Compare a placement with the best; `dearer` and `slower` are shares, below 0 for less.

    `is_less_sure` tells that the best one's capacity is surer.

    Both are of the upper quartile, which is what placements are ordered by, and infinite where
    that of the best is nothing. The cost is that of a token where `counts_by_output`.
    """
    of_what = " a token" if counts_by_output else ""
    cost, time = _amount(dearer, "dearer", "cheaper"), _amount(slower, "slower", "faster")
    cost = cost and cost + of_what
    if is_less_sure:
        return f"unproven capacity; {_joined(cost, time) or 'as dear and as fast'}"
    if ranking is Ranking.TIME and slower > 0:
        return f"{time} in the upper quartile" + (f", and {cost}" if dearer > 0 else "")
    if dearer > 0 and slower > 0:
        return f"slower and dearer: {cost} in the upper quartile, {time}"
    if dearer > 0:
        return f"{cost} in the upper quartile" + (f", though {time}" if slower < 0 else "")
    if is_best_measured and not is_measured:
        return "as good in the upper quartile, but no measured rows"
    if slower > 0:
        return f"as dear, {time}"
    return "as good; the best comes first by name"


def _joined(*parts: str) -> str:
    return ", ".join(part for part in parts if part)


def _amount(share: float, more: str, less: str) -> str:
    """Write by how much something is more or less; "" for nothing."""
    if not share:
        return ""
    word, size = (more, share) if share > 0 else (less, -share)
    if math.isinf(share):
        return f"{more}: the best costs nothing"
    if size < _LEAST_SHOWN:
        return f"under {_LEAST_SHOWN:.1%} {word}".replace("%", " %")
    if size >= _TIMES_FROM:
        return f"{share + 1:.3g} times as {'dear' if word == 'dearer' else 'slow'}"
    text = f"{size:.0%}" if size >= _WHOLE_FROM else f"{size:.1%}"
    return f"{text.replace('%', ' %')} {word}"
