"""Collection runs."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.provider import ProviderState
from service.domain.run import CollectionRun, RunState, run_id_at
from tests.builders import NOW


@pytest.mark.parametrize("state", RunState)
def test_a_run_has_ended_unless_it_waits_or_works(state: RunState) -> None:
    assert state.is_final is (state not in {RunState.PENDING, RunState.RUNNING})


@given(
    st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2200, 1, 1)),  # noqa: DTZ001 - Hypothesis wants naive bounds
    st.integers(min_value=1, max_value=10**12),
)
def test_a_later_run_has_a_greater_id(start: datetime, milliseconds: int) -> None:
    early = start.replace(tzinfo=UTC)
    late = early + timedelta(milliseconds=milliseconds)
    assert run_id_at(early, entropy="ff") < run_id_at(late, entropy="00")


def test_entropy_keeps_runs_of_one_moment_apart() -> None:
    now = datetime(2026, 10, 8, tzinfo=UTC)
    assert run_id_at(now, entropy="0a") != run_id_at(now, entropy="0b")
    assert run_id_at(now, entropy="0a").endswith("-0a")


def a_run(state: RunState) -> CollectionRun:
    return CollectionRun(run_id="1", provider="nimbus", state=state, create_time=NOW)


@pytest.mark.parametrize(
    ("state", "of_provider"),
    [
        (RunState.PENDING, ProviderState.FAILED),
        (RunState.RUNNING, ProviderState.FAILED),
        (RunState.SUCCEEDED, ProviderState.OK),
        (RunState.PARTIAL, ProviderState.PARTIAL),
        (RunState.HELD, ProviderState.HELD),
        (RunState.FAILED, ProviderState.FAILED),
    ],
)
def test_a_run_says_how_its_provider_stands(state: RunState, of_provider: ProviderState) -> None:
    assert a_run(state).provider_state is of_provider


def test_a_failed_run_says_why_and_when() -> None:
    failed = a_run(RunState.RUNNING).failed(reason="DEADLINE", detail="too late", end_time=NOW)
    assert (failed.state, failed.reason, failed.detail) == (RunState.FAILED, "DEADLINE", "too late")
    assert failed.end_time == NOW
