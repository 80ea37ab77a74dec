"""What is registered of a provider: at a start, and when a run has ended."""

from datetime import timedelta

import pytest

from scrapers.selection import Choice, choose
from scrapers.status import status_after, status_at_start
from service.domain.provider import ProviderState, RejectCount
from service.domain.run import CollectionRun, RunState
from tests.builders import NOW, a_status
from tests.scrapers.nimbus import a_keyed_provider, a_provider


def choice_of(name: str, *enabled: str) -> Choice:
    (choice,) = choose(
        {name: a_provider(name, opt_in=name == "shy")}, enabled=enabled, keys=frozenset()
    )
    return choice


def test_a_provider_that_was_off_starts_anew() -> None:
    before = a_status("shy", state=ProviderState.DISABLED, detail="off")
    status = status_at_start(
        choice_of("shy", "all"), before=before, replayed=False, next_attempt_time=NOW
    )
    assert (status.state, status.detail) == (ProviderState.PENDING, "")
    assert status.next_attempt_time == NOW


def test_a_provider_that_is_turned_off_says_so_and_keeps_its_times() -> None:
    before = a_status("shy", state=ProviderState.OK)
    status = status_at_start(
        choice_of("shy"), before=before, replayed=False, next_attempt_time=None
    )
    assert status.state is ProviderState.DISABLED
    assert status.last_success_time == before.last_success_time


def test_what_was_known_of_a_provider_stays_while_its_facts_are_todays() -> None:
    before = a_status(
        state=ProviderState.PARTIAL,
        detail="missing warsaw",
        rejects=(RejectCount(reason="NO_PRICE", row_count=2),),
        interval=timedelta(minutes=5),
        next_attempt_time=NOW - timedelta(days=1),
    )
    status = status_at_start(
        choice_of("nimbus"), before=before, replayed=False, next_attempt_time=NOW
    )
    assert (status.state, status.detail) == (ProviderState.PARTIAL, "missing warsaw")
    assert status.rejects == before.rejects
    assert status.interval == timedelta(minutes=60)
    assert status.next_attempt_time == NOW


def a_run(state: RunState) -> CollectionRun:
    return CollectionRun(
        run_id="1",
        provider="nimbus",
        state=state,
        create_time=NOW,
        reason="BLOCKED",
        detail="robots.txt",
        start_time=NOW,
        end_time=NOW + timedelta(seconds=3),
    )


@pytest.mark.parametrize("state", [RunState.HELD, RunState.FAILED])
def test_a_run_without_success_keeps_the_time_of_the_last_one(state: RunState) -> None:
    status = status_after(
        a_run(state), provider=a_provider(), before=a_status(), next_attempt_time=None
    )
    assert status.last_attempt_time == NOW
    assert status.last_success_time == NOW
    assert status.detail == "BLOCKED: robots.txt"


@pytest.mark.parametrize("state", [RunState.SUCCEEDED, RunState.PARTIAL])
def test_a_run_that_published_is_the_last_success(state: RunState) -> None:
    status = status_after(a_run(state), provider=a_provider(), before=None, next_attempt_time=NOW)
    assert status.last_success_time == NOW + timedelta(seconds=3)
    assert status.next_attempt_time == NOW
    assert status.state.value in {"OK", "PARTIAL"}


def test_a_provider_without_its_key_names_the_variable() -> None:
    keyed = a_keyed_provider(variable="NIMBUS_KEY")
    (choice,) = choose({"nimbus": keyed}, enabled=(), keys=frozenset())
    status = status_at_start(choice, before=None, replayed=False, next_attempt_time=None)
    assert status.state is ProviderState.NEEDS_KEY
    assert status.missing_variable == "NIMBUS_KEY"
