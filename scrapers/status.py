"""What the store is told of a provider: its facts, how it stands, when it is asked next."""

from dataclasses import replace
from datetime import datetime

from scrapers.provider import Provider
from scrapers.selection import Choice
from service.domain.provider import ProviderState, ProviderStatus
from service.domain.run import CollectionRun, RunState

# States that a setting decides; they end when the setting does.
_BY_SETTING = frozenset({ProviderState.DISABLED, ProviderState.NEEDS_KEY})


def status_at_start(
    choice: Choice,
    *,
    before: ProviderStatus | None,
    replayed: bool,
    next_attempt_time: datetime | None,
) -> ProviderStatus:
    """Build the status to register at the start: today's facts, yesterday's state if it holds."""
    fresh = replace(
        _facts(choice.provider, state=choice.state),
        detail=choice.detail,
        missing_variable=", ".join(choice.missing_variables),
        next_attempt_time=next_attempt_time,
        replayed=replayed,
    )
    if before is None:
        return fresh
    kept = replace(
        fresh,
        last_attempt_time=before.last_attempt_time,
        last_success_time=before.last_success_time,
    )
    if not choice.is_on or before.state in _BY_SETTING:
        return kept
    return replace(
        kept,
        state=before.state,
        detail=before.detail,
        rejects=before.rejects,
        replayed=before.replayed,
    )


def status_after(
    run: CollectionRun,
    *,
    provider: Provider,
    before: ProviderStatus | None,
    next_attempt_time: datetime | None,
) -> ProviderStatus:
    """Build the status to register when a run has ended."""
    last_success = before.last_success_time if before else None
    has_succeeded = run.state in {RunState.SUCCEEDED, RunState.PARTIAL}
    return replace(
        _facts(provider, state=run.provider_state),
        detail=": ".join(filter(None, (run.reason, run.detail))),
        rejects=run.rejects,
        last_attempt_time=run.start_time,
        last_success_time=run.end_time if has_succeeded else last_success,
        next_attempt_time=next_attempt_time,
        replayed=run.replayed,
    )


def _facts(provider: Provider, *, state: ProviderState) -> ProviderStatus:
    return ProviderStatus(
        provider=provider.id,
        title=provider.title,
        home=provider.home,
        state=state,
        interval=provider.every,
        opt_in=provider.opt_in,
    )
