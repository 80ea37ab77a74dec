"""Keys of providers: read once, put in place last, shown nowhere."""

import pytest

from scrapers.keys import BadKey, KeyMissing, Keys, Secret, hidden, keys_of_environment
from scrapers.provider import Request

KEY = Secret("sk-live-0123456789")
REQUEST = Request(
    url="https://nimbus.example/prices",
    headers={"Authorization": "Bearer {NIMBUS_KEY}", "Accept": "application/json"},
    json_body={"secret": "{NIMBUS_SECRET}", "limit": 3000},
)


def test_only_the_keys_that_are_asked_for_are_taken() -> None:
    environ = {"NIMBUS_KEY": "abc", "EMPTY": "", "PATH": "/bin"}
    keys = keys_of_environment(environ, variables={"NIMBUS_KEY", "EMPTY", "ABSENT"})
    assert {name: key.reveal() for name, key in keys.items()} == {"NIMBUS_KEY": "abc"}


@pytest.mark.parametrize(
    "text", ["a b", "abc\n", "\tabc", "a\r\nX-Evil: 1", "kéy", "a\0b", "x" * 9000]
)
def test_what_can_be_no_key_is_refused_without_showing_it(text: str) -> None:
    with pytest.raises(BadKey, match="NIMBUS_KEY") as refused:
        keys_of_environment({"NIMBUS_KEY": text}, variables={"NIMBUS_KEY"})
    assert text not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_keys_are_put_into_headers_and_body() -> None:
    keys = Keys({"NIMBUS_KEY": KEY, "NIMBUS_SECRET": Secret("s3cret")})
    filled = keys.filled(REQUEST, token=None)
    assert filled.headers == {
        "Authorization": "Bearer sk-live-0123456789",
        "Accept": "application/json",
    }
    assert filled.json_body == {"secret": "s3cret", "limit": 3000}
    assert "sk-live" not in repr(REQUEST)


def test_a_request_is_not_filled_with_half_of_its_keys() -> None:
    with pytest.raises(KeyMissing, match="NIMBUS_SECRET") as missing:
        Keys({"NIMBUS_KEY": KEY}).filled(REQUEST, token=None)
    assert "sk-live" not in str(missing.value)


def test_a_key_that_looks_like_a_place_is_not_filled_again() -> None:
    keys = Keys({"A_KEY": Secret("{B_KEY}"), "B_KEY": Secret("other")})
    request = Request(url="https://nimbus.example/", headers={"X-Api-Key": "{A_KEY}"})
    assert keys.filled(request, token=None).headers == {"X-Api-Key": "{B_KEY}"}


def test_a_token_takes_its_place_and_is_never_left_out() -> None:
    request = Request(url="https://nimbus.example/", headers={"Authorization": "{access_token}"})
    assert Keys({}).filled(request, token=Secret("t0k")).headers == {"Authorization": "t0k"}
    with pytest.raises(KeyMissing):
        Keys({}).filled(request, token=None)


def test_a_secret_shows_itself_only_when_asked() -> None:
    assert "live" not in f"{KEY} {KEY!r} {[KEY]}"


def test_what_a_server_repeats_is_hidden() -> None:
    assert hidden(b'{"key": "sk-live-0123456789"}', [KEY]) == '{"key": "…"}'.encode()


def test_a_few_letters_are_no_secret_that_would_be_cut_out_of_prices() -> None:
    assert hidden(b"price 2.49", [Secret("2")]) == b"price 2.49"


def test_the_keys_of_a_request_are_those_it_names() -> None:
    keys = Keys({"NIMBUS_KEY": KEY, "OTHER": Secret("other")})
    assert keys.used_by(REQUEST, token=Secret("unused")) == (KEY,)
