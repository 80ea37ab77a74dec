import math
from typing import Any

import pytest

from service.compare.questions import Ranking
from service.compare.reasons import why_not


def reason(ranking: Ranking = Ranking.COST, **given: Any) -> str:
    usual: dict[str, Any] = {
        "dearer": 0.0,
        "slower": 0.0,
        "is_less_sure": False,
        "is_measured": True,
        "is_best_measured": True,
    }
    return why_not(ranking, **(usual | given))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"dearer": 0.12}, "12 % dearer in the upper quartile"),
        ({"dearer": 0.034}, "3.4 % dearer in the upper quartile"),
        ({"dearer": 0.0004}, "under 0.1 % dearer in the upper quartile"),
        ({"dearer": 2.5}, "3.5 times as dear in the upper quartile"),
        ({"dearer": math.inf}, "dearer: the best costs nothing in the upper quartile"),
        ({"dearer": 0.1, "slower": -0.5}, "10 % dearer in the upper quartile, though 50 % faster"),
        (
            {"dearer": 0.1, "slower": 0.2},
            "slower and dearer: 10 % dearer in the upper quartile, 20 % slower",
        ),
        ({"slower": 0.2}, "as dear, 20 % slower"),
        ({"is_measured": False}, "as good in the upper quartile, but no measured rows"),
        ({}, "as good; the best comes first by name"),
        ({"dearer": -0.2, "is_less_sure": True}, "unproven capacity; 20 % cheaper"),
        ({"is_less_sure": True}, "unproven capacity; as dear and as fast"),
        (
            {"dearer": 0.2, "counts_by_output": True},
            "20 % dearer a token in the upper quartile",
        ),
    ],
)
def test_a_lost_placement_says_by_how_much(given: dict[str, Any], words: str) -> None:
    assert reason(**given) == words


def test_where_time_is_looked_for_time_comes_first() -> None:
    assert reason(Ranking.TIME, slower=0.3, dearer=-0.1) == "30 % slower in the upper quartile"
    assert (
        reason(Ranking.TIME, slower=0.3, dearer=0.1)
        == "30 % slower in the upper quartile, and 10 % dearer"
    )
