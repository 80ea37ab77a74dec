"""The fitted constants of serving, and the bands around what they predict.

`calibration/serving.py` fits them on published measurements and writes them, rounded to four
digits, into `service/facts/calibration.json` under "serving".
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any

from service.estimate.band import Band

CONCURRENCY = "concurrency"
OFFLINE = "offline_max"
SINGLE = "batch1"
TUNED_OFFLINE = "mlperf_offline"
TUNED_SERVER = "mlperf_server"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepConstants:
    """What the time of one step depends on besides sizes and peaks; see `serving_step`.

    Shares are of a peak, factors without unit, `..._seconds` seconds. Engines are compared with
    TensorRT-LLM, whose factors are 1.
    """

    bandwidth_share: float
    blackwell_bandwidth_factor: float
    compute_share: float
    blackwell_compute_factor: float
    fp4_compute_factor: float
    weight_only_compute_factor: float
    attention_share: float
    all_reduce_seconds: float
    pcie_all_reduce_factor: float
    link_share: float
    layer_seconds: float
    mixture_layer_factor: float
    step_seconds: float
    expert_imbalance: float
    mixture_factor: float
    latent_attention_factor: float
    prefill_factor: float
    vllm_factor: float
    vllm_step_factor: float
    sglang_factor: float
    sglang_step_factor: float
    llama_cpp_factor: float
    llama_cpp_step_factor: float
    tuned_speed_factor: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingCalibration:
    """Everything that was fitted for serving.

    Bands are quantiles of measured over predicted on rows whose model was left out of the fit, by
    regime: of rates, of `token_times` (time per output token) and of `first_tokens` (time to the
    first). `unseen_gpu` is the further band of a GPU family without rows, `unseen_vendor` of
    another vendor's; the latter is assumed, since no vendor could be left out.
    `first_token_factor` and `first_token_exponent` turn a lone prefill into one under load.
    `measured_loads` are pairs of an engine and a regime with a space between.
    `neighbour_weight`, `neighbour_scale` and `neighbour_band` belong to `neighbours`.
    """

    constants: StepConstants
    first_token_factor: float
    first_token_exponent: float
    rates: Mapping[str, Band]
    token_times: Mapping[str, Band]
    first_tokens: Mapping[str, Band]
    unseen_gpu: Band
    unseen_vendor: Band
    measured_families: frozenset[str]
    measured_vendors: frozenset[str]
    measured_loads: frozenset[str]
    neighbour_weight: float
    neighbour_scale: float
    neighbour_band: Band

    @classmethod
    def from_json(cls, section: Mapping[str, Any]) -> "ServingCalibration":
        """Read the section "serving" of the file. Raises KeyError for what is missing."""
        constants = section["constants"]
        return cls(
            constants=StepConstants(
                **{field.name: constants[field.name] for field in fields(StepConstants)}
            ),
            first_token_factor=section["first_token_factor"],
            first_token_exponent=section["first_token_exponent"],
            rates=_bands(section["rates"]),
            token_times=_bands(section["token_times"]),
            first_tokens=_bands(section["first_tokens"]),
            unseen_gpu=Band(**section["unseen_gpu"]),
            unseen_vendor=Band(**section["unseen_vendor"]),
            measured_families=frozenset(section["measured_families"]),
            measured_vendors=frozenset(section["measured_vendors"]),
            measured_loads=frozenset(section["measured_loads"]),
            neighbour_weight=section["neighbour_weight"],
            neighbour_scale=section["neighbour_scale"],
            neighbour_band=Band(**section["neighbour_band"]),
        )


def _bands(section: Mapping[str, Any]) -> Mapping[str, Band]:
    return MappingProxyType({regime: Band(**band) for regime, band in section.items()})
