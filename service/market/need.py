"""What a plan asks of an offer, whatever the offer's price."""

from dataclasses import dataclass

from service.estimate.band import Band

SAME_WORK = Band.exact(1.0)
"""What a plan gets done where all plans get the same done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What a workload takes at offers with one GPU model and one count of GPUs.

    Whole nodes are bought: `node_count` of them, each for `hours` (wall time of a run, or the
    hours of a month, which are exact). `gpu_count` GPUs are used. `joins_nodes` tells that GPUs of
    several nodes work on one thing, a run or a replica that is larger than a node, so that these
    have to be joined. Storage is paid for `storage_gb` over `hours`, egress for `egress_gb` once.
    `work` is what plans are compared by beside their cost: a rate where some get more done than
    others in the same hours.
    """

    gpu_count: int
    node_count: int
    hours: Band
    joins_nodes: bool
    storage_gb: float = 0.0
    egress_gb: float = 0.0
    work: Band = SAME_WORK
    is_measured: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What offers are alike in for the physics: the GPU model, and GPUs of one node."""

    gpu_model: str
    gpus_per_node: int
