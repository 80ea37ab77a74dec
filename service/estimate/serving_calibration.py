"""The fitted constants of serving, and the bands around what they predict.

`calibration/serving.py` fits them on published measurements and writes them, rounded to four
digits, into `service/facts/calibration.json` under "serving".
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any

from service.domain.architecture import Architecture
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
class KindBands:
    """Bands of one figure in one regime: mixtures of experts are far harder to predict."""

    dense: Band
    mixture: Band

    def of(self, architecture: Architecture) -> Band:
        """Return the band of a model of this kind."""
        return self.dense if architecture.experts is None else self.mixture


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingCalibration:
    """Everything that was fitted for serving.

    Bands are of measured over predicted for an architecture that no row is of, by regime: of
    `rates`, of `token_times` (time per output token) and of `first_tokens` (time to the first).
    What has no rows either widens them: `unseen_family` of GPUs, by regime, `unseen_generation`
    and `unseen_engine`; `unseen_vendor` is assumed, since no vendor could be left out.
    `measured_families`, `measured_generations` and `measured_engines` name what has rows, each
    with the regime before it and a space between. `first_token_factor` and
    `first_token_exponent` turn a lone prefill into one under load. `neighbour_scale`,
    `neighbour_prior` and `neighbour_band` belong to `neighbours`.
    """

    constants: StepConstants
    first_token_factor: float
    first_token_exponent: float
    rates: Mapping[str, KindBands]
    token_times: Mapping[str, KindBands]
    first_tokens: Mapping[str, KindBands]
    unseen_family: Mapping[str, Band]
    unseen_generation: Band
    unseen_engine: Band
    unseen_vendor: Band
    measured_families: frozenset[str]
    measured_generations: frozenset[str]
    measured_engines: frozenset[str]
    measured_vendors: frozenset[str]
    neighbour_scale: float
    neighbour_prior: float
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
            unseen_family=MappingProxyType(
                {regime: Band(**band) for regime, band in section["unseen_family"].items()}
            ),
            unseen_generation=Band(**section["unseen_generation"]),
            unseen_engine=Band(**section["unseen_engine"]),
            unseen_vendor=Band(**section["unseen_vendor"]),
            measured_families=frozenset(section["measured_families"]),
            measured_generations=frozenset(section["measured_generations"]),
            measured_engines=frozenset(section["measured_engines"]),
            measured_vendors=frozenset(section["measured_vendors"]),
            neighbour_scale=section["neighbour_scale"],
            neighbour_prior=section["neighbour_prior"],
            neighbour_band=Band(**section["neighbour_band"]),
        )


def _bands(section: Mapping[str, Any]) -> Mapping[str, KindBands]:
    return MappingProxyType(
        {
            regime: KindBands(dense=Band(**kinds["dense"]), mixture=Band(**kinds["mixture"]))
            for regime, kinds in section.items()
        }
    )
