"""The serving load of a request."""

from collections.abc import Iterable

from gpuquote.v1 import estimate_service_pb2 as pb
from gpuquote.v1 import workload_pb2

from service.domain.errors import Reason
from service.domain.precision import Precision
from service.domain.workload import (
    HOURS_A_WEEK,
    Engine,
    InferenceWorkload,
    LatencyLimit,
    Speculative,
)
from service.rpc.architectures import Subject
from service.rpc.assumed import Assumed
from service.rpc.choices import read_choice
from service.rpc.faults import Faults
from service.rpc.numbers import Range, is_in_range, is_set, read_count, read_double
from service.rpc.parallelism import read_serving_parallelism

KV_PRECISIONS = frozenset(
    {Precision.FP32, Precision.BF16, Precision.FP16, Precision.FP8, Precision.INT8}
)

_TOKENS = Range(low=1, high=100_000_000)
_CONCURRENCY = Range(low=1, high=1_000_000)
_RATE = Range(low=0, high=1_000_000, is_low_open=True)
_PROFILE_VALUE = Range(low=0, high=1e12)
_PEAK_FACTOR = Range(low=1, high=1000)
_SHARE = Range(low=0, high=1, is_high_open=True)
_ACCEPTANCE = Range(low=0, high=1, is_low_open=True, is_high_open=True)
_DRAFT_TOKENS = Range(low=1, high=16)
_UTILIZATION = Range(low=0, high=1, is_low_open=True)
_STEPS = Range(low=1, high=1000)
_MILLISECONDS = Range(low=0, high=10_000_000, is_low_open=True)
_USER_RATE = Range(low=0, high=100_000, is_low_open=True)
_USUAL_STEPS = 50
_USUAL_UTILIZATION = 0.6
_OFFLINE_UTILIZATION = 1.0

_LOADS = ("concurrency", "requests_per_second", "offline")
_OF_RATES = ("profile", "peak_factor")
_OF_TEXT = ("input_tokens", "engine")
_OF_GENERATION = (
    "output_tokens",
    "reasoning_tokens",
    "kv_precision",
    "prefix_cache_hit_rate",
    "speculative",
)
_OF_IMAGES = ("image_steps", "guidance")


def read_inference_workload(
    request: pb.EstimateInferenceRequest,
    subject: Subject | None,
    assumed: Assumed,
    faults: Faults,
    *,
    gpu_count: int | None,
) -> InferenceWorkload | None:
    """Read a serving load; None where its model, the `subject`, could not be read."""
    precision = read_choice(
        request, "precision", Precision, assumed, faults, default=Precision.BF16
    )
    _check_load(request, faults)
    concurrency = read_count(request, "concurrency", _CONCURRENCY, faults)
    requests_per_second = read_double(request, "requests_per_second", _RATE, faults)
    profile = read_rate_profile(request.profile, faults)
    peak_factor = read_double(request, "peak_factor", _PEAK_FACTOR, faults)
    if request.requests_per_second and not request.profile:
        peak_factor = assumed.unless_given(peak_factor, "peakFactor", 1.0)
    utilization = assumed.unless_given(
        read_double(request, "utilization", _UTILIZATION, faults),
        "utilization",
        _OFFLINE_UTILIZATION if request.offline else _USUAL_UTILIZATION,
    )
    latency = read_latency(request.latency, faults.under("latency"))
    if request.offline and request.latency.ListFields():
        faults.add("latency", "cannot be given together with offline, where nobody waits")
    parallelism = read_serving_parallelism(
        request.parallelism,
        None if subject is None else subject.architecture,
        faults.under("parallelism"),
        gpu_count=gpu_count,
    )
    tokens = {
        name: read_count(request, name, _TOKENS, faults) or 0
        for name in ("input_tokens", "output_tokens", "reasoning_tokens")
    }
    hit_rate = read_double(request, "prefix_cache_hit_rate", _SHARE, faults)
    speculative = _speculative(request, faults.under("speculative"))
    image_steps = read_count(request, "image_steps", _STEPS, faults)
    if subject is None:
        return None
    _check_belongs(request, subject, faults)
    _check_context(tokens.values(), subject, faults)
    engine, kv_precision, guidance = Engine.VLLM, Precision.BF16, True
    if subject.is_diffusion:
        image_steps = assumed.unless_given(image_steps, "imageSteps", _USUAL_STEPS)
        given = request.guidance if request.HasField("guidance") else None
        guidance = assumed.unless_given(given, "guidance", default=True)
    else:
        usual = Engine.LLAMA_CPP if precision is Precision.Q4_K_M else Engine.VLLM
        engine = read_choice(request, "engine", Engine, assumed, faults, default=usual)
    if subject.generates:
        kv_precision = read_choice(
            request,
            "kv_precision",
            Precision,
            assumed,
            faults,
            default=Precision.BF16,
            allowed=KV_PRECISIONS,
        )
        hit_rate = assumed.unless_given(hit_rate, "prefixCacheHitRate", 0.0)
    return InferenceWorkload(
        architecture=subject.architecture,
        model_id=subject.model_id,
        precision=precision,
        kv_precision=kv_precision,
        concurrency=concurrency,
        requests_per_second=requests_per_second,
        is_offline=request.offline,
        engine=engine,
        latency=latency,
        profile=profile,
        peak_factor=peak_factor or 1.0,
        prefix_cache_hit_rate=hit_rate or 0.0,
        speculative=speculative,
        parallelism=parallelism,
        utilization=utilization,
        flops_per_image_step=subject.flops_per_image_step,
        image_steps=image_steps or 0,
        guidance=guidance,
        **tokens,
    )


def _check_load(request: pb.EstimateInferenceRequest, faults: Faults) -> None:
    given = [name for name in _LOADS if is_set(request, name)]
    if len(given) != 1:
        faults.add(
            given[1] if given else "concurrency",
            "exactly one of concurrency, requests_per_second and offline is needed",
            Reason.BAD_FIELD if given else Reason.FIELD_REQUIRED,
        )
    if "requests_per_second" not in given:
        for name in _OF_RATES:
            if getattr(request, name):
                faults.add(name, "belongs to requests_per_second only")
    if request.profile and request.peak_factor:
        faults.add("peak_factor", "cannot be given together with profile, which has its own peak")


def read_rate_profile(given: Iterable[float], faults: Faults) -> tuple[float, ...]:
    """Return the relative rates of a week's hours, () without any; what is wrong goes to faults."""
    values = tuple(given)
    if not values:
        return ()
    if len(values) != HOURS_A_WEEK:
        description = f"must have {HOURS_A_WEEK} values, one for each hour of a week"
        metadata = {"valueCount": str(len(values))}
        faults.add("profile", f"{description}, not {len(values)}", metadata=metadata)
        return ()
    for hour, value in enumerate(values):
        if not is_in_range(f"profile[{hour}]", value, _PROFILE_VALUE, faults):
            return ()
    if not any(values):
        faults.add("profile", "must have a value above 0")
    return values


def read_latency(given: workload_pb2.LatencyLimit, faults: Faults) -> LatencyLimit:
    """Return what each user has to get; what is wrong goes to faults."""
    return LatencyLimit(
        max_time_to_first_token_ms=read_double(
            given, "max_time_to_first_token_ms", _MILLISECONDS, faults
        ),
        min_tokens_per_second_per_user=read_double(
            given, "min_tokens_per_second_per_user", _USER_RATE, faults
        ),
    )


def _speculative(request: pb.EstimateInferenceRequest, faults: Faults) -> Speculative | None:
    if not request.HasField("speculative"):
        return None
    given = request.speculative
    for name in ("acceptance", "draft_tokens"):
        if not is_set(given, name):
            faults.add(name, "is required", Reason.FIELD_REQUIRED)
    acceptance = read_double(given, "acceptance", _ACCEPTANCE, faults)
    draft_tokens = read_count(given, "draft_tokens", _DRAFT_TOKENS, faults)
    if acceptance is None or draft_tokens is None:
        return None
    return Speculative(acceptance=acceptance, draft_tokens=draft_tokens)


def _check_belongs(request: pb.EstimateInferenceRequest, subject: Subject, faults: Faults) -> None:
    """Refuse what a model of this kind does not have, and ask for what it needs."""
    kind = subject.architecture.kind
    strange: tuple[str, ...] = ()
    if subject.is_diffusion:
        strange = (*_OF_TEXT, *_OF_GENERATION, "latency")
    elif subject.generates:
        strange = _OF_IMAGES
    else:
        strange = (*_OF_IMAGES, *_OF_GENERATION)
        if request.latency.HasField("min_tokens_per_second_per_user"):
            strange = (*strange, "latency")
    for name in strange:
        if is_set(request, name):
            faults.add(name, f"does not belong to a model of kind {kind}", metadata={"kind": kind})
    needed = () if subject.is_diffusion else ("input_tokens",)
    if subject.generates:
        needed = (*needed, "output_tokens")
    for name in needed:
        if not is_set(request, name):
            faults.add(name, f"is required for a model of kind {kind}", Reason.FIELD_REQUIRED)


def _check_context(tokens: Iterable[int], subject: Subject, faults: Faults) -> None:
    context, total = subject.stated_context, sum(tokens)
    if context and total > context and not subject.is_diffusion:
        description = f"all tokens together, {total}, are above the model's context of {context}"
        metadata = {"tokens": str(total), "contextLength": str(context)}
        faults.add("input_tokens", description, metadata=metadata)
