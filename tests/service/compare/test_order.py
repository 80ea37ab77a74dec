import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from service.compare.order import beaten_by, first_by, unbeaten

FIGURES = st.integers(min_value=0, max_value=6).map(float)
POINTS = st.lists(st.tuples(FIGURES, FIGURES), max_size=30)


def columns(points: list[tuple[float, float]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([p[0] for p in points], float), np.array([p[1] for p in points], float)


def beats(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return one != other and one[0] <= other[0] and one[1] <= other[1]


@given(POINTS)
def test_the_frontier_has_no_beaten_point_and_every_other_point_is_beaten(
    points: list[tuple[float, float]],
) -> None:
    found = unbeaten(*columns(points)).tolist()
    assert found == [not any(beats(other, point) for other in points) for point in points]


def test_infinite_costs_stand_for_no_point() -> None:
    found = unbeaten(np.array([np.inf, 2.0, np.inf]), np.array([1.0, 5.0, np.inf]))
    assert found.tolist() == [False, True, False]


@given(POINTS, POINTS)
def test_a_point_is_beaten_by_others_that_are_at_least_as_good_in_both(
    points: list[tuple[float, float]], others: list[tuple[float, float]]
) -> None:
    found = beaten_by(*columns(points), *columns(others)).tolist()
    assert found == [
        any(other[0] <= one[0] and other[1] <= one[1] for other in others) for one in points
    ]


@given(st.lists(st.tuples(FIGURES, FIGURES, st.integers(0, 10**6)), unique_by=lambda r: r[2]))
def test_the_first_few_are_those_of_a_full_sort(rows: list[tuple[float, float, int]]) -> None:
    keys = [np.array([row[at] for row in rows], float) for at in range(3)]
    wanted = sorted(range(len(rows)), key=lambda at: rows[at])
    for count in (0, 1, 3, len(rows), len(rows) + 2):
        found = first_by(
            [lambda at, key=key: key[at] for key in keys],  # type: ignore[misc]
            np.arange(len(rows)),
            count,
        )
        assert found.tolist() == wanted[:count]
