"""What every option comes to in every draw."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from service.build_vs_buy.answer import levelized
from service.build_vs_buy.arrays import Floats
from service.build_vs_buy.cash_flow import Flows
from service.build_vs_buy.inputs import Inputs, OptionKind
from service.build_vs_buy.mixed import MixedPlan, mixed_flows
from service.build_vs_buy.options import flows_of, npv_of, possible_options
from service.build_vs_buy.sample import Sample
from service.build_vs_buy.scene import Scene, scene_of

_CELLS_AT_A_TIME = 32_768


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What an option comes to in each draw, shape (draws,); one without work has no cost of it."""

    npv: Floats
    levelized_cost: Floats


def all_flows(scene: Scene, plan: MixedPlan | None) -> Iterator[tuple[OptionKind, Flows]]:
    """Walk the options that the inputs describe, and the combination, one at a time."""
    for kind in possible_options(scene.inputs):
        yield kind, flows_of(kind, scene)
    if plan is not None:
        yield OptionKind.MIXED, mixed_flows(plan, scene, scene.inputs.own)


def outcomes(
    inputs: Inputs, sample: Sample, plan: MixedPlan | None
) -> Mapping[OptionKind, Outcome]:
    """Return what every option, and the plan, comes to in each draw.

    Some rows at a time: their arrays then stay in the processor's cache, and memory does not grow
    with the draws.
    """
    rows = max(1, _CELLS_AT_A_TIME // (inputs.horizon_months + 1))
    values: defaultdict[OptionKind, list[Floats]] = defaultdict(list)
    costs: defaultdict[OptionKind, list[Floats]] = defaultdict(list)
    for part in sample.parts(rows):
        scene = scene_of(inputs, part)
        for kind, flows in all_flows(scene, plan):
            value = npv_of(flows, scene)
            values[kind].append(value)
            costs[kind].append(levelized(flows, scene, value))
    return {
        kind: Outcome(npv=np.concatenate(found), levelized_cost=np.concatenate(costs[kind]))
        for kind, found in values.items()
    }
