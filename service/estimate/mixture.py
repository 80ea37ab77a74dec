"""The experts of a mixture, where not all of their sizes are stated."""

from dataclasses import replace

from service.domain.architecture import Architecture, Experts
from service.estimate import scaling
from service.estimate.parameters import count_parameters
from service.estimate.stated import Stated

# A smaller gap to the active parameters is rounding, not a shared expert that nobody mentioned.
_SHARED_FROM = 0.05


def weights_per_width(architecture: Architecture) -> int:
    """Return the weights of one element of feed-forward width in every layer."""
    matrices = 3 if architecture.gated_mlp else 2
    return architecture.layers * matrices * architecture.hidden_size


def layers_of_mixture(stated: Stated, one_layer: Architecture) -> int:
    """Return the depth at which layers of stated experts have the stated parameters."""
    counted = count_parameters(replace(one_layer, ffn_size=0))
    tables = counted.embedding + counted.head
    mixed = count_parameters(replace(one_layer, experts=replace(_pool(stated), dense_layers=0)))
    dense_width = stated.ffn_size or _working_width(_pool(stated))
    dense = stated.dense_layers * (counted.attention + weights_per_width(one_layer) * dense_width)
    left = stated.params - tables - dense
    return stated.dense_layers + max(round(left / (mixed.total - tables)), 1)


def with_experts(stated: Stated, frame: Architecture) -> Architecture:
    """Add the experts to an architecture without: they take up what the other parts leave.

    Dense layers among them get the width that works on a token elsewhere, as in DeepSeek-V3 and
    GLM-4.5, unless it is stated.
    """
    experts = _with_widths(stated, frame, _pool(stated))
    dense_width = _working_width(experts) if experts.dense_layers else 0
    complete = replace(frame, experts=experts, ffn_size=stated.ffn_size or dense_width)
    if stated.active_params:
        return complete
    counted = count_parameters(complete)
    active = round(stated.params * counted.active / counted.total)
    return replace(complete, active_params=max(active, 1))


def _pool(stated: Stated) -> Experts:
    count, per_token = stated.experts, stated.experts_per_token
    if not count:
        count, per_token = scaling.pool(stated.params, stated.active_params)
    return Experts(
        count=count,
        per_token=per_token,
        ffn_size=stated.expert_ffn_size,
        shared_ffn_size=stated.shared_ffn_size,
        dense_layers=stated.dense_layers,
    )


def _working_width(experts: Experts) -> int:
    return experts.per_token * experts.ffn_size + experts.shared_ffn_size


def _with_widths(stated: Stated, frame: Architecture, pool: Experts) -> Experts:
    """Return the experts with their width and that of the shared one, where not stated.

    With F weights for one element of width in a layer, m layers with experts and d without whose
    width is not stated either, E experts of width w, k of them at work, and a shared width s:
    all weights are rest + F (m (E w + s) + d (k w + s)), those at work rest + F (m + d) (k w + s).
    """
    per_layer = weights_per_width(frame) // frame.layers
    mixed = frame.layers - pool.dense_layers
    dense = 0 if stated.ffn_size else pool.dense_layers
    empty = replace(pool, ffn_size=0, shared_ffn_size=0)
    rest = count_parameters(replace(frame, experts=empty)).total
    idle = pool.count - pool.per_token
    width = float(pool.ffn_size)
    if not width and stated.active_params and idle:
        width = (stated.params - stated.active_params) / (per_layer * mixed * idle)
    elif not width:
        shared = per_layer * (mixed + dense) * pool.shared_ffn_size
        slots = mixed * pool.count + dense * pool.per_token
        width = (stated.params - rest - shared) / (per_layer * slots)
    experts = replace(pool, ffn_size=max(round(width), 1))
    if pool.shared_ffn_size or not stated.active_params:
        return experts
    working = (stated.active_params - rest) / (per_layer * (mixed + dense))
    gap = working - experts.per_token * experts.ffn_size
    if gap * per_layer * (mixed + dense) < _SHARED_FROM * stated.active_params:
        return experts
    return replace(experts, shared_ffn_size=round(gap))
