"""Which providers are on, and what is registered of them."""

from datetime import timedelta

import pytest

from scrapers.provider import Provider
from scrapers.selection import Choice, UnknownProvider, choose, named, status_of
from service.domain.provider import ProviderState, RejectCount
from tests.builders import NOW, a_status
from tests.scrapers.nimbus import a_provider

PROVIDERS: dict[str, Provider] = {
    "corona": a_provider("corona"),
    "locked": a_provider("locked", key_variable="LOCKED_KEY"),
    "nimbus": a_provider("nimbus"),
    "shy": a_provider("shy", opt_in=True),
}


def on(*enabled: str, keys: frozenset[str] | None = frozenset()) -> set[str]:
    choices = choose(PROVIDERS, enabled=enabled, keys=keys)
    return {choice.provider.id for choice in choices if choice.is_on}


def test_without_a_setting_all_but_the_opt_in_ones_are_on() -> None:
    assert on() == {"corona", "nimbus"}


def test_all_takes_the_opt_in_ones_too() -> None:
    assert on("all") == {"corona", "nimbus", "shy"}


def test_a_list_takes_exactly_what_it_names() -> None:
    assert on("shy", "nimbus") == {"shy", "nimbus"}


def test_a_key_that_is_there_turns_its_provider_on() -> None:
    assert "locked" in on(keys=frozenset({"LOCKED_KEY"}))


def test_a_replay_needs_no_keys() -> None:
    assert "locked" in on(keys=None)


def test_a_typo_in_the_setting_names_the_nearest() -> None:
    with pytest.raises(UnknownProvider, match="did you mean nimbus"):
        on("nimbos")


def test_a_name_like_no_other_lists_what_there_is() -> None:
    with pytest.raises(UnknownProvider, match="known: corona, locked, nimbus, shy"):
        named(PROVIDERS, "zzz")


def choice_of(name: str, *enabled: str) -> Choice:
    (choice,) = choose({name: PROVIDERS[name]}, enabled=enabled, keys=frozenset())
    return choice


def test_a_provider_that_was_off_starts_anew() -> None:
    before = a_status("shy", state=ProviderState.DISABLED, detail="off")
    status = status_of(
        choice_of("shy", "all"), before=before, replayed=False, next_attempt_time=NOW
    )
    assert (status.state, status.detail) == (ProviderState.PENDING, "")
    assert status.next_attempt_time == NOW


def test_a_provider_that_is_turned_off_says_so_and_keeps_its_times() -> None:
    before = a_status("shy", state=ProviderState.OK)
    status = status_of(choice_of("shy"), before=before, replayed=False, next_attempt_time=None)
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
    status = status_of(choice_of("nimbus"), before=before, replayed=False, next_attempt_time=NOW)
    assert (status.state, status.detail) == (ProviderState.PARTIAL, "missing warsaw")
    assert status.rejects == before.rejects
    assert status.interval == timedelta(minutes=60)
    assert status.next_attempt_time == NOW
