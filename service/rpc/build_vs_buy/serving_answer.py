"""How GPUs write the tokens of a build-vs-buy question, to a message."""

from gpuquote.v1 import build_vs_buy_service_pb2 as pb

from service.business_case.serving_gpus import TokenResult, TokensOnGpus
from service.estimate.band import Band
from service.rpc.convert import enum_name
from service.rpc.estimates import measured_to_proto
from service.rpc.figures import band_to_proto, significant
from service.rpc.names import GPU_MODELS, MODELS


def serving_to_proto(on_gpus: TokensOnGpus, result: TokenResult) -> pb.TokenServing:
    """Write the join of tokens and GPUs."""
    served, plan, throughput = on_gpus.served, on_gpus.plan, on_gpus.throughput
    workload, possible = served.workload, result.possible_per_second
    return pb.TokenServing(
        model=f"{MODELS}/{workload.model_id}",
        gpu_model=f"{GPU_MODELS}/{plan.gpu_model_id}",
        precision=enum_name(workload.precision),
        prompt_tokens=workload.input_tokens,
        output_tokens=workload.output_tokens + workload.reasoning_tokens,
        requests_per_second=significant(workload.requests_per_second or 0.0),
        tokens_per_second=significant(served.tokens_per_second),
        peak_tokens_per_second=significant(on_gpus.peak_tokens_per_second),
        tokens_per_second_per_gpu=band_to_proto(
            Band(p10=throughput.low, p50=throughput.base, p90=throughput.high)
        ),
        gpus_per_replica=plan.gpus_per_replica,
        spare_gpu_count=on_gpus.serving.spare_gpus,
        gpu_count=band_to_proto(on_gpus.gpu_count()),
        measured=on_gpus.is_measured,
        nearest_measured=measured_to_proto(on_gpus.nearest),
        possible_tokens_per_second=None if possible is None else significant(possible),
    )
