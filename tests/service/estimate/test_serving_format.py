import pytest

from service.domain.precision import Precision
from service.estimate.serving_format import compute_precision, is_weight_only
from tests.service.estimate.serving_cases import H100, gpu

A100, V100, B200 = "a100-sxm-80gb", "v100-sxm-16gb", "b200-sxm-180gb"


@pytest.mark.parametrize(
    ("precision", "gpu_model_id", "compute"),
    [
        (Precision.BF16, H100, Precision.BF16),
        (Precision.BF16, V100, None),
        (Precision.FP16, V100, Precision.FP16),
        (Precision.FP8, H100, Precision.FP8),
        (Precision.FP8, A100, Precision.BF16),
        (Precision.INT8, A100, Precision.INT8),
        (Precision.INT8, V100, Precision.FP16),
        (Precision.INT4, H100, Precision.BF16),
        (Precision.Q4_K_M, V100, Precision.FP16),
        (Precision.FP4, H100, None),
        (Precision.FP4, B200, Precision.FP4),
        (Precision.MXFP4, H100, Precision.BF16),
        (Precision.MXFP4, B200, Precision.FP8),
    ],
)
def test_a_gpu_multiplies_in_what_it_has(
    precision: Precision, gpu_model_id: str, compute: Precision | None
) -> None:
    assert compute_precision(precision, gpu(gpu_model_id)) is compute


def test_unpacking_is_told_from_multiplying_as_it_is() -> None:
    assert is_weight_only(Precision.INT4, Precision.BF16)
    assert not is_weight_only(Precision.BF16, Precision.BF16)
    assert not is_weight_only(Precision.MXFP4, Precision.FP8)
