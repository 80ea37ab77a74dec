"""Which providers are on."""

import pytest

from scrapers.provider import Provider, Request
from scrapers.selection import UnknownProvider, choose, named
from service.domain.provider import ProviderState
from tests.scrapers.nimbus import HOST, a_keyed_provider, a_provider

PROVIDERS: dict[str, Provider] = {
    "corona": a_provider("corona"),
    "locked": a_keyed_provider("locked", variable="LOCKED_KEY"),
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


def test_a_provider_that_can_ask_a_part_without_its_key_is_on() -> None:
    keyed = Request(url="https://corona.example/stock", headers={"X-Api-Key": "{CORONA_KEY}"})
    provider = a_provider("corona", parts={"page": {"prices": HOST}, "api": {"prices": keyed}})
    (choice,) = choose({"corona": provider}, enabled=(), keys=frozenset())
    assert choice.is_on
    assert choice.missing_variables == ()


def test_all_keys_that_are_missing_are_named() -> None:
    sign_in = Request(url=f"{HOST}/token", json_body={"id": "{MY_ID}", "secret": "{MY_SECRET}"})
    prices = Request(url=HOST, headers={"Authorization": "Bearer {access_token}"})
    provider = a_provider("corona", pages={"prices": prices}, sign_in=sign_in)
    (choice,) = choose({"corona": provider}, enabled=(), keys=frozenset({"MY_ID"}))
    assert choice.state is ProviderState.NEEDS_KEY
    assert choice.missing_variables == ("MY_SECRET",)
    (choice,) = choose({"corona": provider}, enabled=(), keys=frozenset())
    assert choice.detail == "needs keys in MY_ID and MY_SECRET"
