import socket
import threading
from collections.abc import Sequence

import pytest

from scrapers.addresses import (
    PUBLIC_ONLY,
    AddressPolicy,
    Origin,
    endpoints_of,
    is_public,
    origin_of,
    system_resolver,
)
from scrapers.errors import Unreachable, UnsafeResponse
from scrapers.provider import Provider, Request
from scrapers.registry import load_providers

SITE = Origin("https", "nimbus.example", 443)


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "1.1.1.1", "142.250.74.36", "2606:4700::6810:85e5", "::ffff:8.8.8.8"],
)
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",  # noqa: S104 - refused here, not listened on
        "10.0.0.1",
        "100.64.0.1",
        "100.127.255.254",
        "127.0.0.1",
        "127.1.2.3",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "64:ff9b::808:808",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:808:808::1",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd12:3456::1",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
        "2606:4700::1%lo",
        "localhost",
        "127.1",
        "",
    ],
)
def test_an_address_of_another_network_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://Nimbus.Example/gpu%20s?x=1", SITE),
        ("https://nimbus.example:443/", SITE),
        ("https://nimbus.example:8443/", Origin("https", "nimbus.example", 8443)),
        ("http://nimbus.example", Origin("http", "nimbus.example", 80)),
        ("https://[::1]/", Origin("https", "::1", 443)),
        ("https://0x7f000001/", Origin("https", "0x7f000001", 443)),
    ],
)
def test_an_address_says_where_it_points(url: str, origin: Origin) -> None:
    assert origin_of(url) == origin


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://nimbus.example/",
        "gopher://nimbus.example/",
        "javascript:alert(1)",
        "nimbus.example/prices",
        "//nimbus.example/prices",
        "https://",
        "https:///prices",
        "https://a@nimbus.example/",
        "https://a:b@nimbus.example/",
        "https://@nimbus.example/",
        "https://nimbus.example\\@127.0.0.1/",
        "https://nimbus.example /",
        "https://nimbus.example/\r\nHost: x",
        "https://nimbus.example:99999/",
        "https://nimbus.example:x/",
        "https://nimbus_.example/",
        "https://n%69mbus.example/",
        "https://nïmbus.example/",
        "https://[::1/",
        "https://nimbus.example/" + "a" * 5000,
    ],
)
def test_anything_but_a_plain_web_address_is_refused(url: str) -> None:
    with pytest.raises(UnsafeResponse):
        origin_of(url)


def test_a_provider_may_be_asked_at_its_addresses_and_hosts() -> None:
    provider = Provider(
        id="nimbus",
        title="Nimbus",
        home="https://home.example",
        pages={"prices": "https://nimbus.example/gpus"},
        parts={"z1": {"stock": Request(url="https://API.nimbus.example:8443/v1")}},
        hosts=("CDN.nimbus.example",),
    )

    assert endpoints_of(provider) == {
        ("nimbus.example", 443),
        ("api.nimbus.example", 8443),
        ("cdn.nimbus.example", 443),
    }


@pytest.mark.parametrize(
    "url",
    [
        "https://other.example/",
        "https://nimbus.example.evil.example/",
        "https://nimbus.example:8443/",
        "http://nimbus.example/",
        "http://nimbus.example:443/",
    ],
)
def test_another_host_port_or_scheme_is_not_admitted(url: str) -> None:
    endpoints = frozenset({("nimbus.example", 443)})

    with pytest.raises(UnsafeResponse):
        PUBLIC_ONLY.admit(url, endpoints=endpoints)


def test_a_test_policy_exempts_one_endpoint_only() -> None:
    policy = AddressPolicy(loopback_endpoints=frozenset({("127.0.0.1", 8080)}))
    endpoints = frozenset({("127.0.0.1", 8080), ("127.0.0.1", 8081)})

    assert policy.admit("http://127.0.0.1:8080/", endpoints=endpoints).port == 8080
    with pytest.raises(UnsafeResponse):
        policy.admit("http://127.0.0.1:8081/", endpoints=endpoints)


def resolved(*addresses: str, policy: AddressPolicy = PUBLIC_ONLY) -> tuple[str, ...]:
    return policy.resolve(SITE, resolver=lambda _host, _port: addresses, timeout_seconds=1)


def test_all_addresses_of_a_name_are_returned_once_and_in_order() -> None:
    assert resolved("8.8.8.8", "1.1.1.1", "8.8.8.8") == ("8.8.8.8", "1.1.1.1")


def test_one_private_address_among_public_ones_refuses_the_name() -> None:
    with pytest.raises(UnsafeResponse, match=r"10\.0\.0\.1"):
        resolved("8.8.8.8", "10.0.0.1")


def test_an_exempt_endpoint_may_be_on_loopback_but_on_no_other_private_address() -> None:
    policy = AddressPolicy(loopback_endpoints=frozenset({("nimbus.example", 443)}))

    assert resolved("127.0.0.1", policy=policy) == ("127.0.0.1",)
    with pytest.raises(UnsafeResponse):
        resolved("10.0.0.1", policy=policy)
    with pytest.raises(UnsafeResponse):
        resolved("nonsense", policy=policy)


def test_a_name_without_addresses_is_unreachable() -> None:
    with pytest.raises(Unreachable, match="no address"):
        resolved()


def test_a_name_that_does_not_resolve_is_unreachable() -> None:
    def fail(_host: str, _port: int) -> Sequence[str]:
        raise socket.gaierror(-2, "Name or service not known")

    with pytest.raises(Unreachable, match="not known"):
        PUBLIC_ONLY.resolve(SITE, resolver=fail, timeout_seconds=1)


def test_a_look_up_that_hangs_is_left_behind() -> None:
    release = threading.Event()

    def hang(_host: str, _port: int) -> Sequence[str]:
        release.wait(5)
        return ("8.8.8.8",)

    try:
        with pytest.raises(Unreachable, match="in time"):
            PUBLIC_ONLY.resolve(SITE, resolver=hang, timeout_seconds=0.05)
    finally:
        release.set()


@pytest.mark.parametrize("spelling", ["127.1", "0x7f000001", "2130706433", "017700000001"])
def test_other_spellings_of_loopback_are_seen_through(
    spelling: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The guard of the test suite knows only plain addresses; these never leave the machine.
    monkeypatch.undo()
    origin = Origin("https", spelling, 443)

    with pytest.raises(UnsafeResponse, match="not public"):
        PUBLIC_ONLY.resolve(origin, resolver=system_resolver, timeout_seconds=2)


def test_the_hosts_of_every_provider_are_known_with_and_without_its_keys() -> None:
    for provider in load_providers().values():
        assert endpoints_of(provider), provider.id
