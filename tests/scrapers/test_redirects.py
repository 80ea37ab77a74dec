"""What goes along with a redirect."""

import pytest

from scrapers.errors import UnsafeResponse
from scrapers.provider import Request
from scrapers.redirects import redirected

KEYED = Request(url="https://nimbus.example/v1", headers={"Authorization": "{NIMBUS_KEY}"})
POSTED = Request(url="https://nimbus.example/v1", method="POST", json_body={"key": "{NIMBUS_KEY}"})


@pytest.mark.parametrize("location", ["/v2", "v2", "https://nimbus.example/v2"])
def test_the_same_host_is_asked_with_the_same_headers(location: str) -> None:
    moved = redirected(KEYED, status=302, location=location)
    assert (moved.url, moved.headers) == ("https://nimbus.example/v2", KEYED.headers)


@pytest.mark.parametrize(
    "location",
    ["https://cdn.example/v1", "//cdn.example/v1", "https://nimbus.example:8443/v1"],
)
def test_another_host_or_port_is_asked_without_a_key(location: str) -> None:
    moved = redirected(KEYED, status=302, location=location)
    assert moved.headers == {}
    assert not moved.key_variables


def test_a_body_with_a_key_goes_to_no_other_host() -> None:
    assert redirected(POSTED, status=308, location="/v2").json_body == POSTED.json_body
    with pytest.raises(UnsafeResponse, match="with a key"):
        redirected(POSTED, status=308, location="https://cdn.example/v1")


def test_a_body_is_never_lost() -> None:
    with pytest.raises(UnsafeResponse, match="redirects a POST with 302"):
        redirected(POSTED, status=302, location="/v2")


@pytest.mark.parametrize("location", ["/v2/{OTHER_KEY}", "https://cdn.example/?k={OTHER_KEY}"])
def test_a_server_cannot_ask_for_a_key_by_its_name(location: str) -> None:
    with pytest.raises(UnsafeResponse, match="asks for a key"):
        redirected(KEYED, status=302, location=location)
