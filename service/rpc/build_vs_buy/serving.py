"""Tokens of a build-vs-buy request as GPUs would serve them.

They are joined where the model is known: it is named, or the registry has the hosted one. Where the
request asks for that, what is missing is an error; where it names GPUs and only buys tokens, it is
a reason why the two are not joined.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from gpuquote.v1 import build_vs_buy_service_pb2 as pb

from service.build_vs_buy.demand import load_duration
from service.build_vs_buy.inputs import ConstantLoad, PeakedLoad, WeeklyLoad
from service.business_case.question import ServedTokens, TokenTerms
from service.business_case.serving_gpus import PROMPT_TOKENS, UTILIZATION, scaled
from service.domain.errors import Reason
from service.domain.models import ModelRegistry
from service.domain.precision import Precision
from service.domain.workload import Engine, InferenceWorkload
from service.rpc.architectures import Subject, read_registered
from service.rpc.assumed import Assumed
from service.rpc.build_vs_buy.demand import read_two_levels
from service.rpc.build_vs_buy.reading import ABOVE_NONE
from service.rpc.choices import read_choice
from service.rpc.faults import Faults, shown
from service.rpc.inference_workloads import read_latency, read_rate_profile
from service.rpc.numbers import Range, is_set, read_double

_THROUGHPUT = Range(low=0, high=1e9, is_low_open=True)
_SECONDS_AN_HOUR = 3600
_PEAK = ("peak_factor", "peak_hours_per_day")

_Load = ConstantLoad | WeeklyLoad | PeakedLoad


@dataclass(frozen=True, slots=True, kw_only=True)
class NotServed:
    """Why the tokens of a request are not joined with its GPUs."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lack:
    """What the join needs: the field below `tokens_per_month`, and what is wrong with it."""

    field: str
    message: str
    reason: Reason = Reason.BAD_FIELD


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    """Tokens of one request."""

    prompt: int
    output: int
    reasoning: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.prompt + self.output + self.reasoning


def read_served(
    request: pb.AnalyzeBuildVsBuyRequest,
    terms: TokenTerms,
    models: ModelRegistry,
    faults: Faults,
    *,
    load: _Load | None,
    hours_per_month: float,
) -> ServedTokens | NotServed:
    """Return the tokens as GPUs would serve them, in the shape of `load` where there is one.

    What is wrong with the request goes to `faults`.
    """
    given = request.tokens_per_month
    under = faults.under("tokens_per_month")
    before = len(faults)
    serving = given.serving
    below = under.under("serving")
    precision = read_choice(
        serving, "precision", Precision, Assumed(), below, default=Precision.BF16
    )
    latency = read_latency(serving.latency, below.under("latency"))
    if terms.batch_share == 1 and serving.latency.ListFields():
        text = "cannot be given where all tokens are sent in batches, for which nobody waits"
        below.add("latency", text)
    utilization = read_double(serving, "utilization", ABOVE_NONE, below)
    throughput = read_double(serving, "tokens_per_second_per_gpu", _THROUGHPUT, below)
    shape = _shape(request, faults, load=load, batch_share=terms.batch_share)
    subject = _subject(request, models, below)
    lacks = tuple(_lacks(request, subject, terms))
    if load is None or given.HasField("serving"):
        for lack in lacks:
            under.add(lack.field, lack.message, lack.reason)
    if lacks or subject is None or shape is None or len(faults) > before:
        return NotServed(reason=lacks[0].message if lacks else "")
    one = _request_of(terms)
    written = terms.output_tokens + terms.reasoning_tokens
    seconds = hours_per_month * _SECONDS_AN_HOUR
    return ServedTokens(
        workload=InferenceWorkload(
            architecture=subject.architecture,
            model_id=subject.model_id,
            precision=precision,
            input_tokens=one.prompt,
            output_tokens=one.output,
            reasoning_tokens=one.reasoning,
            requests_per_second=written / (one.output + one.reasoning) / seconds,
            engine=Engine.LLAMA_CPP if precision is Precision.Q4_K_M else Engine.VLLM,
            latency=latency,
            prefix_cache_hit_rate=terms.cached_share,
            utilization=UTILIZATION if utilization is None else utilization,
        ),
        shape=shape,
        month_tokens=terms.input_tokens + written,
        is_shaped=bool(serving.profile) or is_set(request.demand, "peak_factor"),
        prompt_tokens=terms.prompt_tokens or None,
        utilization=utilization,
        tokens_per_second_per_gpu=throughput,
    )


def _subject(
    request: pb.AnalyzeBuildVsBuyRequest, models: ModelRegistry, faults: Faults
) -> Subject | None:
    """Return the model that GPUs would serve: the one that is named, else the hosted one."""
    named = request.tokens_per_month.serving.model
    if named:
        return read_registered(named, models, Assumed(), faults)
    twin = models.find(request.model)
    return None if twin is None else Subject(architecture=twin.architecture, model=twin)


def _lacks(
    request: pb.AnalyzeBuildVsBuyRequest, subject: Subject | None, terms: TokenTerms
) -> Iterator[_Lack]:
    """Walk what the join needs and the request does not have."""
    if subject is None and not request.tokens_per_month.serving.model:
        text = (
            f"the registry of models does not have {shown(request.model)};"
            " tokens_per_month.serving.model names the one that GPUs would serve"
        )
        yield _Lack(field="serving.model", message=text, reason=Reason.FIELD_REQUIRED)
    if subject is not None and not subject.generates:
        text = f"models/{subject.model_id} does not write text token by token"
        yield _Lack(field="serving.model", message=text)
    if terms.cached_share == 1:
        text = "GPUs of our own compute some of each prompt: a share below 1 can be cached"
        yield _Lack(field="cached_share", message=text)
    written = terms.output_tokens + terms.reasoning_tokens
    if written and not terms.input_tokens:
        text = "input tokens are needed: with prompt_tokens they say how many requests there are"
        yield _Lack(field="input", message=text, reason=Reason.FIELD_REQUIRED)
    if terms.input_tokens and not written:
        text = "output tokens are needed: the throughput of GPUs is that of what they write"
        yield _Lack(field="output", message=text, reason=Reason.FIELD_REQUIRED)
    if subject is not None and terms.input_tokens and written:
        total, context = _request_of(terms).total, subject.stated_context
        if context and total > context:
            text = (
                f"a request has {total} tokens, above the context of {context} of"
                f" models/{subject.model_id}"
            )
            yield _Lack(field="prompt_tokens", message=text)


def _request_of(terms: TokenTerms) -> _Request:
    """Return the tokens of the mean request, of which at least one is written."""
    prompt = terms.prompt_tokens or round(PROMPT_TOKENS.base)
    requests = terms.input_tokens / prompt
    output = round(terms.output_tokens / requests)
    reasoning = round(terms.reasoning_tokens / requests)
    if not output + reasoning:
        output = 1
    return _Request(prompt=prompt, output=output, reasoning=reasoning)


def _shape(
    request: pb.AnalyzeBuildVsBuyRequest,
    faults: Faults,
    *,
    load: _Load | None,
    batch_share: float,
) -> _Load | None:
    """Return the rates of hours over their mean; None where nothing runs, or beside `faults`.

    With a number of GPUs the tokens follow these. Else those that are sent in batches are spread
    evenly, as nobody waits for them, and the others have the peak or the profile.
    """
    below = faults.under("tokens_per_month.serving")
    profile = request.tokens_per_month.serving.profile
    if load is not None:
        if profile:
            below.add("profile", "cannot be given with a number of GPUs, which tokens then follow")
        mean = load_duration(load).mean_gpus
        return scaled(load, 1 / mean) if mean else None
    under = faults.under("demand")
    two_levels = read_two_levels(request.demand, under, mean=1.0)
    rates = read_rate_profile(profile, below)
    live = 1 - batch_share
    if profile:
        for name in _PEAK:
            if is_set(request.demand, name):
                text = "cannot be given with tokens_per_month.serving.profile"
                under.add(name, text)
        total = sum(rates)
        if not total:
            return None
        over_mean = (rate * len(rates) / total for rate in rates)
        return WeeklyLoad(gpus=tuple(batch_share + live * rate for rate in over_mean))
    if isinstance(two_levels, PeakedLoad):
        peak = batch_share + live * two_levels.peak_factor
        return replace(two_levels, peak_factor=peak)
    return two_levels
