"""Which addresses a fetch may go to: the provider's own hosts, on the public internet.

A redirect, or a name that resolves to somewhere else today, must not make the collector knock
on a machine of its own network. So the host has to be one of the provider's, every address that
its name resolves to has to be public, and the connection goes to an address that was checked:
the name is never looked up a second time.
"""

import ipaddress
import queue
import re
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from scrapers.errors import Unreachable, UnsafeResponse
from scrapers.provider import KEY, Provider, Request

Resolver = Callable[[str, int], Sequence[str]]

DEFAULT_PORTS = {"https": 443, "http": 80}
_MAX_URL_LENGTH = 4_096
# RFC 3986, nothing else: a backslash or a space is read differently by different parsers.
_URL = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+", re.ASCII)
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|[0-9a-f:.]*:[0-9a-f:.]*", re.ASCII)

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# What `is_global` of Python 3.11 calls global although it leads to, or may carry, a private
# address: NAT64, 6to4 and its relays, Teredo; and protocol assignments.
_NOT_PUBLIC: tuple[_Network, ...] = tuple(
    ipaddress.ip_network(network)
    for network in (
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "2001::/32",
        "2002::/16",
        "3fff::/20",
        "192.0.0.0/24",
        "192.88.99.0/24",
    )
)
# All that is handed out to hosts lies in here; what is outside is local or reserved.
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a URL points: scheme, lower-case host without brackets, and port."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == DEFAULT_PORTS.get(self.scheme) else f":{self.port}"
        return f"{self.scheme}://{host}{port}"


def origin_of(url: str) -> Origin:
    """Read where a URL points. Raises UnsafeResponse for anything but a plain web address.

    A key may stand in the path, as the name of its variable in braces.
    """
    url = KEY.sub("key", url)
    if len(url) > _MAX_URL_LENGTH or not _URL.fullmatch(url):
        raise UnsafeResponse(f"{_shown(url)} is not a plain web address")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise UnsafeResponse(f"{_shown(url)} is not a web address ({error})") from error
    if parts.scheme not in DEFAULT_PORTS:
        raise UnsafeResponse(f"{_shown(url)} is not https")
    if "@" in parts.netloc:
        raise UnsafeResponse(f"{parts.scheme}://…@{host} carries a user name")
    if not _HOST.fullmatch(host):
        raise UnsafeResponse(f"{_shown(url)} names no host")
    return Origin(parts.scheme, host, port or DEFAULT_PORTS[parts.scheme])


def endpoints_of(provider: Provider) -> frozenset[tuple[str, int]]:
    """Return the (host, port) pairs that a provider may be asked at.

    These are the hosts of its addresses and of signing in, and `provider.hosts` at the port of
    https.
    """
    kinds = [provider.pages, *provider.parts.values()]
    addresses = [address for kind in kinds for address in kind.values()]
    addresses += [provider.sign_in] if provider.sign_in else []
    origins = [origin_of(a.url if isinstance(a, Request) else a) for a in addresses]
    own = frozenset((origin.host, origin.port) for origin in origins)
    return own | {(host.lower(), DEFAULT_PORTS["https"]) for host in provider.hosts}


def is_public(address: str) -> bool:
    """Tell whether an IP address is one of the public internet. Unreadable text is not."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return is_public(str(ip.ipv4_mapped))
        if ip.scope_id is not None or ip not in _GLOBAL_UNICAST:
            return False
    if not ip.is_global or ip.is_multicast or ip.is_reserved or ip.is_unspecified:
        return False
    return not any(ip in network for network in _NOT_PUBLIC)


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressPolicy:
    """What may be connected to. `loopback_endpoints` exempts servers of a test, by host and port.

    An exempt endpoint may use plain http and may be at a loopback address; nothing else changes,
    so that redirects from a test's server are checked as in production.
    """

    loopback_endpoints: frozenset[tuple[str, int]] = frozenset()

    def admit(self, url: str, *, endpoints: frozenset[tuple[str, int]]) -> Origin:
        """Return where a URL points. Raises UnsafeResponse if it may not be asked."""
        origin = origin_of(url)
        exempt = (origin.host, origin.port) in self.loopback_endpoints
        if origin.scheme != "https" and not exempt:
            raise UnsafeResponse(f"{origin} is not https")
        if (origin.host, origin.port) not in endpoints:
            raise UnsafeResponse(f"{origin} is none of the provider's hosts")
        return origin

    def resolve(
        self, origin: Origin, *, resolver: Resolver, timeout_seconds: float
    ) -> tuple[str, ...]:
        """Look a host up once and return its addresses, in order, all of them checked.

        Raises UnsafeResponse if any address is not public, Unreachable if there is none in time.
        """
        addresses = _resolved(origin, resolver=resolver, timeout_seconds=timeout_seconds)
        exempt = (origin.host, origin.port) in self.loopback_endpoints
        for address in addresses:
            if not is_public(address) and not (exempt and _is_loopback(address)):
                raise UnsafeResponse(f"{origin.host} leads to {address}, which is not public")
        return addresses


PUBLIC_ONLY = AddressPolicy()


def system_resolver(host: str, port: int) -> Sequence[str]:
    """Ask the operating system for the addresses of a host. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


def _resolved(origin: Origin, *, resolver: Resolver, timeout_seconds: float) -> tuple[str, ...]:
    # The system's lookup knows no deadline of ours, so it runs beside and is left behind.
    answers: queue.SimpleQueue[Sequence[str] | Exception] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            answers.put(resolver(origin.host, origin.port))
        except (OSError, UnicodeError) as error:
            answers.put(error)

    threading.Thread(target=look_up, name=f"resolve {origin.host}", daemon=True).start()
    try:
        answer = answers.get(timeout=max(timeout_seconds, 0.001))
    except queue.Empty as error:
        raise Unreachable(f"{origin.host} was not resolved in time") from error
    if isinstance(answer, Exception):
        raise Unreachable(f"{origin.host} was not resolved ({answer})") from answer
    if not answer:
        raise Unreachable(f"{origin.host} has no address")
    return tuple(dict.fromkeys(answer))


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _shown(url: str) -> str:
    return ascii(url[:120])
