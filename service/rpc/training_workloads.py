"""The training run of a request."""

from gpuquote.v1 import estimate_service_pb2 as pb

from service.domain.errors import Reason
from service.domain.precision import Precision
from service.domain.workload import Recompute, TrainingMethod, TrainingWorkload
from service.rpc.architectures import Subject
from service.rpc.assumed import Assumed
from service.rpc.choices import read_choice
from service.rpc.faults import Faults
from service.rpc.names import MODELS
from service.rpc.numbers import Range, is_set, read_count, read_double
from service.rpc.parallelism import read_training_parallelism
from service.rpc.requests import read_enum

MAX_TOKENS = 10**17

TRAINING_PRECISIONS = frozenset(
    {
        Precision.FP32,
        Precision.TF32,
        Precision.BF16,
        Precision.FP16,
        Precision.FP8,
        Precision.FP4,
    }
)

_TOKENS = Range(low=1, high=MAX_TOKENS)
_EPOCHS = Range(low=1, high=1000)
_SEQUENCE = Range(low=1, high=1_000_000_000)
_RANK = Range(low=1, high=1024)
_MICRO_BATCH = Range(low=1, high=65_536)
_MFU = Range(low=0, high=1, is_low_open=True)
_USUAL_RANK = 16
_USUAL_SEQUENCE = 2048
# Longer contexts are reached in a short last stage: Llama 3 was trained at 8,192 tokens and then
# stretched to 131,072 over 5 % of its tokens (arXiv:2407.21783, 3.4.2).
_LONGEST_USUAL_SEQUENCE = 8192
_OF_EXAMPLES = ("mean_tokens", "epochs", "packing")
_AMOUNTS = ("tokens", "examples", "images")


def read_training_workload(
    request: pb.EstimateTrainingRequest,
    subject: Subject | None,
    assumed: Assumed,
    faults: Faults,
    *,
    gpu_count: int | None,
) -> TrainingWorkload | None:
    """Read a training run; None where its model, the `subject`, could not be read."""
    method = read_choice(
        request, "method", TrainingMethod, assumed, faults, default=TrainingMethod.FULL
    )
    rank = read_count(request, "lora_rank", _RANK, faults)
    if method is not TrainingMethod.FULL:
        rank = assumed.unless_given(rank, "loraRank", _USUAL_RANK)
    elif request.lora_rank:
        faults.add("lora_rank", "belongs to LORA and QLORA only", metadata={"method": method})
    precision = read_choice(
        request,
        "precision",
        Precision,
        assumed,
        faults,
        default=Precision.BF16,
        allowed=TRAINING_PRECISIONS,
    )
    sequence_length = _sequence_length(request, subject, assumed, faults)
    tokens, images = _amount(request, subject, sequence_length, assumed, faults)
    recompute = None
    if request.recompute:
        recompute = read_enum("recompute", Recompute, request.recompute, faults)
    micro_batch_size = read_count(request, "micro_batch_size", _MICRO_BATCH, faults)
    mfu = read_double(request, "mfu", _MFU, faults)
    if request.benchmark and request.HasField("mfu"):
        faults.add("benchmark", "has no meaning beside mfu, which says what is reached")
    parallelism = read_training_parallelism(
        request.parallelism,
        None if subject is None else subject.architecture,
        faults.under("parallelism"),
        gpu_count=gpu_count,
    )
    if subject is None:
        return None
    return TrainingWorkload(
        architecture=subject.architecture,
        model_id=subject.model_id,
        tokens=tokens,
        images=images,
        flops_per_image_step=subject.flops_per_image_step,
        sequence_length=sequence_length,
        method=method,
        lora_rank=rank or _USUAL_RANK,
        precision=precision,
        recompute=None if recompute is None else Recompute(recompute),
        micro_batch_size=micro_batch_size,
        parallelism=parallelism,
        mfu=mfu,
        is_benchmark=request.benchmark,
    )


def _sequence_length(
    request: pb.EstimateTrainingRequest, subject: Subject | None, assumed: Assumed, faults: Faults
) -> int:
    given = read_count(request, "sequence_length", _SEQUENCE, faults)
    if subject is None:
        return given or _USUAL_SEQUENCE
    if subject.is_diffusion:
        if request.sequence_length:
            faults.add("sequence_length", "belongs to models of text, not to diffusion models")
        return _USUAL_SEQUENCE
    longest = subject.stated_context
    if given is not None and longest and given > longest:
        description = f"{given} is above the model's context of {longest} tokens"
        metadata = {"value": str(given), "contextLength": str(longest)}
        faults.add("sequence_length", description, metadata=metadata)
    default, source = _usual_sequence(subject)
    if request.examples and request.mean_tokens <= _USUAL_SEQUENCE < default:
        # Memory is planned for by the sequence, and examples are far from the model's length.
        default, source = _USUAL_SEQUENCE, "default of fine-tuning by examples"
    return assumed.unless_given(given, "sequenceLength", default, unit="tokens", source=source)


def _usual_sequence(subject: Subject) -> tuple[int, str]:
    """Return the sequence that a run is planned with, and where that comes from."""
    stated, context = subject.training_sequence_length, subject.stated_context
    whose = f"{MODELS}/{subject.model_id}" if subject.model_id else "the architecture"
    if stated:
        return stated, f"training length of {whose}"
    if not context:
        return _USUAL_SEQUENCE, "default; no training length is stated"
    if context > _LONGEST_USUAL_SEQUENCE:
        text = f"default; the context of {whose}, {context} tokens, is usually reached at the end"
        return _LONGEST_USUAL_SEQUENCE, text
    return context, f"context of {whose}"


def _amount(
    request: pb.EstimateTrainingRequest,
    subject: Subject | None,
    sequence_length: int,
    assumed: Assumed,
    faults: Faults,
) -> tuple[int, int]:
    """Return tokens and images, one of them 0."""
    given = [name for name in _AMOUNTS if is_set(request, name)]
    if len(given) != 1:
        faults.add(
            given[1] if given else "tokens",
            "exactly one of tokens, examples and images is needed",
            Reason.BAD_FIELD if given else Reason.FIELD_REQUIRED,
        )
    elif subject is not None and subject.is_diffusion is not (given[0] == "images"):
        kind = subject.architecture.kind
        needed = "images" if subject.is_diffusion else "tokens or examples"
        description = f"does not belong to a model of kind {kind}, which is trained on {needed}"
        faults.add(given[0], description, metadata={"kind": kind})
    numbers = {name: read_count(request, name, _TOKENS, faults) or 0 for name in _AMOUNTS}
    if "examples" in given:
        return _tokens_of_examples(
            request, numbers["examples"], sequence_length, assumed, faults
        ), 0
    for name in _OF_EXAMPLES:
        if is_set(request, name):
            faults.add(name, "belongs to examples only")
    return numbers["tokens"], numbers["images"]


def _tokens_of_examples(
    request: pb.EstimateTrainingRequest,
    examples: int,
    sequence_length: int,
    assumed: Assumed,
    faults: Faults,
) -> int:
    if not request.mean_tokens:
        faults.add("mean_tokens", "is required beside examples", Reason.FIELD_REQUIRED)
    mean_tokens = read_count(request, "mean_tokens", _SEQUENCE, faults) or 0
    if mean_tokens > sequence_length:
        description = f"{mean_tokens} is above the sequence length of {sequence_length}"
        metadata = {"value": str(mean_tokens), "sequenceLength": str(sequence_length)}
        faults.add("mean_tokens", description, metadata=metadata)
    epochs = read_double(request, "epochs", _EPOCHS, faults)
    epochs = assumed.unless_given(epochs, "epochs", 1.0)
    packs = request.packing if request.HasField("packing") else None
    packs = assumed.unless_given(packs, "packing", default=True)
    width = mean_tokens if packs else sequence_length
    tokens = round(examples * width * epochs)
    if tokens > MAX_TOKENS:
        description = f"come to {tokens:.3g} tokens; at most {MAX_TOKENS:.0e}"
        faults.add("examples", description, metadata={"tokens": str(tokens)})
    how = "packed" if packs else "each padded to the sequence length"
    source = f"{examples} examples x {width} tokens x {epochs:g} epochs, {how}"
    assumed.note("tokens", f"{tokens} tokens", source)
    return tokens
