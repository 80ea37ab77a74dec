"""What a serving load asks of its GPUs, worked out from the request."""

from dataclasses import dataclass
from enum import StrEnum

from service.domain.workload import InferenceWorkload


class LoadKind(StrEnum):
    """What decides how much runs at once."""

    CONCURRENCY = "CONCURRENCY"
    RATE = "RATE"
    OFFLINE = "OFFLINE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """A load in the terms of a step.

    `computed_input` are the tokens of a prompt that no cache has. A request takes `steps` steps;
    each gives `tokens_per_step` tokens of a sequence, on average, from `verified_tokens` that are
    computed. Requests a second are 0 without a rate.
    """

    kind: LoadKind
    concurrency: int
    requests_per_second: float
    peak_requests_per_second: float
    input_tokens: int
    computed_input: float
    generated: int
    tokens_per_step: float
    verified_tokens: int
    draft_tokens: int
    has_objective: bool

    @property
    def steps(self) -> float:
        """Steps from the first token of an answer to its last; 0 where nothing is generated."""
        return self.generated / self.tokens_per_step


def load_of(workload: InferenceWorkload) -> Load:
    """Work out a load. Reasoning tokens are generated like those that are shown.

    Of k proposed tokens, each accepted with probability a, and the one that the model adds, a step
    gives (1 - a^(k+1)) / (1 - a) on average (Leviathan et al., arXiv:2211.17192, equation 1).
    """
    speculative = workload.speculative
    drafts = speculative.draft_tokens if speculative else 0
    acceptance = speculative.acceptance if speculative else 0.0
    accepted = sum(acceptance**position for position in range(drafts + 1))
    rate = workload.requests_per_second or 0.0
    limit = workload.latency
    is_limited = (
        limit.max_time_to_first_token_ms is not None
        or limit.min_tokens_per_second_per_user is not None
    )
    if workload.is_offline:
        kind = LoadKind.OFFLINE
    elif workload.requests_per_second is not None:
        kind = LoadKind.RATE
    else:
        kind = LoadKind.CONCURRENCY
    return Load(
        kind=kind,
        concurrency=workload.concurrency or 0,
        requests_per_second=rate,
        peak_requests_per_second=rate * _peak_over_mean(workload),
        input_tokens=workload.input_tokens,
        computed_input=workload.input_tokens * (1 - workload.prefix_cache_hit_rate),
        generated=workload.output_tokens + workload.reasoning_tokens,
        tokens_per_step=accepted,
        verified_tokens=drafts + 1,
        draft_tokens=drafts,
        has_objective=kind is LoadKind.RATE or is_limited,
    )


def _peak_over_mean(workload: InferenceWorkload) -> float:
    profile = workload.profile
    if not profile:
        return workload.peak_factor
    return max(profile) * len(profile) / sum(profile)
