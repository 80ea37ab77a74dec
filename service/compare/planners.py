"""Plans for either kind of workload, from the estimators."""

from collections.abc import Callable, Sequence
from datetime import date
from functools import lru_cache
from typing import Protocol

from service.compare.questions import WorkloadQuestion
from service.estimate.plan import NoPlan, ServingPlan, TrainingPlan
from service.market.answers import InferenceQuestion, TrainingQuestion
from service.market.need import Need, Shape
from service.market.spot import SpotKey, interrupted

QUESTIONS_KEPT = 32

AnyPlan = TrainingPlan | ServingPlan | NoPlan
Planned = tuple[tuple[AnyPlan, ...], tuple[Need | None, ...]]
"""Plans, and what each asks of an offer: None where there is no plan."""


class PlansTraining(Protocol):
    """Plans a training run for some shapes."""

    def planned(
        self, question: TrainingQuestion, shapes: Sequence[Shape]
    ) -> tuple[list[TrainingPlan | NoPlan], list[Need | None]]:
        """Return plans, and what each asks of an offer: None where there is no plan."""
        ...


class PlansServing(Protocol):
    """Plans a serving load for some shapes."""

    def planned(
        self, question: InferenceQuestion, shapes: Sequence[Shape]
    ) -> tuple[list[ServingPlan | NoPlan], list[Need | None]]:
        """Return plans, and what each asks of an offer: None where there is no plan."""
        ...


class Planners:
    """The planners of both kinds.

    Plans do not depend on prices: those of the latest questions are kept, so that a question which
    is asked again is only joined anew.
    """

    def __init__(self, *, train: PlansTraining, serve: PlansServing) -> None:
        self._train = train
        self._serve = serve
        self.planned: Callable[[WorkloadQuestion, tuple[Shape, ...]], Planned] = lru_cache(
            maxsize=QUESTIONS_KEPT
        )(self._planned)
        self.on_spot: Callable[
            [WorkloadQuestion, tuple[Shape, ...], tuple[SpotKey, ...], date], Planned
        ] = lru_cache(maxsize=QUESTIONS_KEPT)(self._on_spot)

    def _planned(self, question: WorkloadQuestion, shapes: tuple[Shape, ...]) -> Planned:
        if isinstance(question, TrainingQuestion):
            runs, needs = self._train.planned(question, shapes)
            return tuple(runs), tuple(needs)
        loads, needs = self._serve.planned(question, shapes)
        return tuple(loads), tuple(needs)

    def _on_spot(
        self,
        question: WorkloadQuestion,
        shapes: tuple[Shape, ...],
        keys: tuple[SpotKey, ...],
        today: date,
    ) -> Planned:
        return interrupted(self.planned(question, shapes), shapes, keys, question, today=today)
