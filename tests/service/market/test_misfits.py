"""Which refusal an error tells of, and how."""

from typing import Any

import pytest

from service.domain.errors import Reason
from service.estimate.plan import Misfit, NoPlan
from service.market.answers import Rejection
from service.market.misfits import does_not_fit, nearest_to_fitting, no_figures
from service.market.need import Shape

NODE = Shape(gpu_model="h100-sxm-80gb", gpus_per_node=8)
CARD = Shape(gpu_model="l4-24gb", gpus_per_node=1)


def a_refusal(misfit: Misfit = Misfit.MEMORY, **fields: Any) -> NoPlan:
    values: dict[str, Any] = {
        "message": "100.0 GB are needed",
        "needed": 100.0,
        "limit": 80.0,
        "unit": "GB",
        "smallest_change": "precision=FP8",
    }
    return NoPlan(misfit=misfit, **(values | fields))


@pytest.mark.parametrize(
    ("nearer", "farther"),
    [
        (a_refusal(needed=90), a_refusal(needed=100)),
        (a_refusal(needed=200), a_refusal(needed=81, smallest_change="")),
        # What passed more limits is nearer, however far it is from the next one.
        (a_refusal(Misfit.DEADLINE, needed=900, unit="h"), a_refusal(needed=81)),
        (a_refusal(Misfit.LATENCY), a_refusal(Misfit.GPU_LIMIT)),
        (a_refusal(), a_refusal(Misfit.PRECISION, needed=0, limit=0)),
        # A user's rate is needed below what is wanted.
        (a_refusal(Misfit.LATENCY, needed=20, limit=18), a_refusal(Misfit.LATENCY, limit=70)),
    ],
)
def test_the_refusal_that_is_nearest_to_fitting_is_told(nearer: NoPlan, farther: NoPlan) -> None:
    assert nearest_to_fitting([nearer, farther]) is nearer
    assert nearest_to_fitting([farther, nearer]) is nearer


def test_every_misfit_has_its_place() -> None:
    for misfit in Misfit:
        assert nearest_to_fitting([a_refusal(misfit)]).misfit is misfit


def test_the_error_has_the_figures_the_gpu_model_and_the_change() -> None:
    error = does_not_fit(
        [(NODE, a_refusal(needed=90)), (CARD, a_refusal())],
        left_out=[Rejection(reason="COUNTRY", count=3, example="offers/a")],
    )
    assert error.reason is Reason.DOES_NOT_FIT
    assert error.metadata == {
        "constraint": "MEMORY",
        "gpuModel": "h100-sxm-80gb",
        "needed": "90",
        "limit": "80",
        "unit": "GB",
        "smallestChange": "precision=FP8",
        "rejected": "COUNTRY 3",
    }
    assert str(error) == (
        "100.0 GB are needed (gpuModels/h100-sxm-80gb); the smallest change that fits: "
        "precision=FP8; offers that may not be used: COUNTRY 3"
    )


def test_what_has_no_figures_and_no_change_tells_none() -> None:
    error = does_not_fit([(CARD, no_figures("l4-24gb"))])
    assert error.metadata == {"constraint": "NO_FIGURES", "gpuModel": "l4-24gb"}
    assert "smallest change" not in str(error)
