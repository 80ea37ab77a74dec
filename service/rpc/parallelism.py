"""How a request wants its model spread over GPUs."""

from gpuquote.v1 import workload_pb2

from service.domain.architecture import Architecture, ModelKind
from service.domain.workload import Parallelism
from service.rpc.faults import Faults
from service.rpc.numbers import Range, is_set, read_count

_WAYS = Range(low=1, high=100_000)
_STAGES = Range(low=0, high=3)


def read_training_parallelism(
    given: workload_pb2.Parallelism,
    architecture: Architecture | None,
    faults: Faults,
    *,
    gpu_count: int | None,
) -> Parallelism:
    """Read how a training run is spread; an architecture of None could not be read."""
    _refuse(given, ("attention_data_parallel",), "belongs to serving only", faults)
    return _read(given, architecture, faults, gpu_count=gpu_count)


def read_serving_parallelism(
    given: workload_pb2.Parallelism,
    architecture: Architecture | None,
    faults: Faults,
    *,
    gpu_count: int | None,
) -> Parallelism:
    """Read how a replica is spread; an architecture of None could not be read."""
    _refuse(given, ("data", "zero_stage"), "belongs to training only", faults)
    return _read(given, architecture, faults, gpu_count=gpu_count)


def _read(
    given: workload_pb2.Parallelism,
    architecture: Architecture | None,
    faults: Faults,
    *,
    gpu_count: int | None,
) -> Parallelism:
    before = len(faults)
    found = Parallelism(
        tensor=read_count(given, "tensor", _WAYS, faults),
        pipeline=read_count(given, "pipeline", _WAYS, faults),
        data=read_count(given, "data", _WAYS, faults),
        expert=read_count(given, "expert", _WAYS, faults),
        zero_stage=read_count(given, "zero_stage", _STAGES, faults),
        attention_data_parallel=given.attention_data_parallel,
    )
    if len(faults) > before:
        return found
    if architecture is not None:
        _check_against(architecture, found, faults)
    _check_count(found, gpu_count, faults)
    return found


def _check_against(architecture: Architecture, found: Parallelism, faults: Faults) -> None:
    if architecture.kind is ModelKind.DIFFUSION:
        for name in ("tensor", "pipeline", "expert"):
            if getattr(found, name) is not None:
                faults.add(name, "belongs to models of text; copies of a diffusion model are whole")
        return
    _check_divides("tensor", found.tensor, architecture.heads, "heads", faults)
    _check_divides("pipeline", found.pipeline, architecture.layers, "layers", faults)
    if found.expert is None:
        return
    if architecture.experts is None:
        faults.add("expert", "belongs to mixtures of experts only")
    else:
        _check_divides("expert", found.expert, architecture.experts.count, "experts", faults)


def _check_divides(field: str, ways: int | None, size: int, what: str, faults: Faults) -> None:
    if ways is not None and size % ways:
        metadata = {"value": str(ways), what: str(size)}
        faults.add(field, f"{ways} does not divide the {size} {what}", metadata=metadata)


def _check_count(found: Parallelism, gpu_count: int | None, faults: Faults) -> None:
    if gpu_count is None:
        return
    ways = (found.tensor, found.pipeline, found.data)
    product = (found.tensor or 1) * (found.pipeline or 1) * (found.data or 1)
    if gpu_count % product or (None not in ways and product != gpu_count):
        given = " x ".join(
            name for name in ("tensor", "pipeline", "data") if getattr(found, name) is not None
        )
        first = given.split(" ")[0]
        metadata = {"product": str(product), "gpuCount": str(gpu_count)}
        faults.add(
            first, f"{given} = {product} does not fit gpu_count {gpu_count}", metadata=metadata
        )


def _refuse(
    given: workload_pb2.Parallelism, names: tuple[str, ...], why: str, faults: Faults
) -> None:
    for name in names:
        if is_set(given, name):
            faults.add(name, why)
