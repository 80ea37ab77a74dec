"""What every test may use, and what none may do: reach the network."""

import gc
import socket
import tempfile
from collections.abc import Generator, Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from service.store.embedded import EmbeddedServer, open_embedded

# Two busy cores make single examples slow, and a red build must be red again.
settings.register_profile("gpuquote", deadline=None, derandomize=True)
settings.load_profile("gpuquote")


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Let `no_cover` end all tracing in a process of pytest-xdist as well.

    pytest-cov 7.1 starts to measure there before it knows that it is in a worker, and then once
    more. The marker ends the second measurement only, and coverage goes back to the first.
    """
    measuring = session.config.pluginmanager.get_plugin("_cov")
    if measuring and hasattr(session.config, "workerinput"):
        measuring.cov_controller.cov.stop()


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Keep the ten thousand tests, which stay to the end, out of every search for garbage."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


class NetworkRefused(AssertionError):
    """A test tried to reach another machine."""


def _refuse_unless_local(host: object) -> None:
    name = host.decode() if isinstance(host, bytes) else host
    if name in {None, "", "localhost"}:
        return
    try:
        local = ip_address(str(name).split("%")[0]).is_loopback
    except ValueError:
        local = False
    if not local:
        raise NetworkRefused(f"a test tried to reach {name}")


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse connections and name look-ups beyond loopback and unix sockets."""
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex
    getaddrinfo = socket.getaddrinfo

    def checked(here: socket.socket, address: Any) -> None:
        if here.family in {socket.AF_INET, socket.AF_INET6}:
            _refuse_unless_local(address[0])

    def guarded_connect(here: socket.socket, address: Any) -> None:
        checked(here, address)
        connect(here, address)

    def guarded_connect_ex(here: socket.socket, address: Any) -> int:
        checked(here, address)
        return connect_ex(here, address)

    def guarded_getaddrinfo(host: Any, *rest: Any, **named: Any) -> Any:
        _refuse_unless_local(host)
        return getaddrinfo(host, *rest, **named)

    monkeypatch.setattr(socket.socket, "connect", guarded_connect)
    monkeypatch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
    monkeypatch.setattr(socket, "getaddrinfo", guarded_getaddrinfo)


@pytest.fixture(scope="session")
def valkey() -> Iterator[EmbeddedServer]:
    """Run a real server for the session; tests share it and clear their own keys."""
    with (
        tempfile.TemporaryDirectory(prefix="gpuquote-test-") as folder,
        open_embedded(Path(folder)) as server,
    ):
        yield server
