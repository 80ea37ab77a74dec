"""All options of a question, evaluated on any sample."""

import functools
from collections.abc import Iterator, Mapping

from service.build_vs_buy.arrays import Floats
from service.build_vs_buy.cash_flow import Flows
from service.build_vs_buy.inputs import Inputs, OptionKind
from service.build_vs_buy.owning import building_flows, colocation_flows
from service.build_vs_buy.renting import Rung, commit_flows, rent_flows, rungs
from service.build_vs_buy.sample import BASE, Sample
from service.build_vs_buy.scene import Scene, scene_of
from service.build_vs_buy.tokens import hosted_api_flows
from service.build_vs_buy.value import present_value


def possible_options(inputs: Inputs) -> tuple[OptionKind, ...]:
    """Return the options that the inputs describe, in the order of the enumeration."""
    is_described = {
        OptionKind.HOSTED_API: inputs.hosted_api is not None,
        OptionKind.RENT: True,
        OptionKind.COMMIT: bool(inputs.commits),
        OptionKind.OWN_COLOCATION: inputs.own is not None,
        OptionKind.OWN_BUILDING: inputs.own is not None and inputs.building is not None,
    }
    return tuple(kind for kind, described in is_described.items() if described)


def flows_of(kind: OptionKind, scene: Scene) -> Flows:
    """Return the flows of one option. Raises ValueError where the inputs do not describe it."""
    inputs = scene.inputs
    match kind:
        case OptionKind.RENT:
            return rent_flows(scene)
        case OptionKind.COMMIT if inputs.commits:
            return commit_flows(best_rung(inputs), scene)
        case OptionKind.HOSTED_API if inputs.hosted_api is not None:
            return hosted_api_flows(inputs.hosted_api, scene)
        case OptionKind.OWN_COLOCATION if inputs.own is not None:
            return colocation_flows(scene, inputs.own)
        case OptionKind.OWN_BUILDING if inputs.own is not None and inputs.building is not None:
            return building_flows(scene, inputs.own, inputs.building)
        case _:
            raise ValueError(f"the inputs do not describe {kind}")


@functools.lru_cache(maxsize=16)
def best_rung(inputs: Inputs) -> Rung:
    """Return the rung of the ladder that is cheapest in the base case, when it does all the work.

    Every evaluation asks for it; the ladder of equal inputs is climbed once. Raises ValueError
    where there is none.
    """
    scene = scene_of(inputs, BASE)
    return max(rungs(inputs), key=lambda rung: npv_of(commit_flows(rung, scene), scene)[0])


def npvs(inputs: Inputs, sample: Sample) -> Mapping[OptionKind, Floats]:
    """Return the net present value of every option in every draw, shape (draws,).

    Money paid is negative, so that the highest value is the cheapest option.
    """
    return dict(_npvs(scene_of(inputs, sample)))


def _npvs(scene: Scene) -> Iterator[tuple[OptionKind, Floats]]:
    for kind in possible_options(scene.inputs):
        yield kind, npv_of(flows_of(kind, scene), scene)


def npv_of(flows: Flows, scene: Scene) -> Floats:
    """Return the net present value of flows in every draw of the scene, shape (draws,)."""
    value = present_value(flows.cash(), scene.factors)
    return value if len(value) == scene.sample.draws else value.repeat(scene.sample.draws)
