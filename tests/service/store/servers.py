"""Servers of tests that the embedded one cannot play, and waiting for real ones."""

import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import redis

from service.store.server_process import find_binary


def wait_for(claim: Callable[[], bool]) -> bool:
    """Say whether a claim comes true; a busy machine is given time."""
    end = time.monotonic() + 15
    while not claim():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


@contextmanager
def a_silent_server() -> Iterator[str]:
    """Accept connections and never answer; give the URL."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as listener:
        yield f"redis://127.0.0.1:{listener.getsockname()[1]}/0"


@contextmanager
def a_configurable_server(folder: Path, *, password: str) -> Iterator[str]:
    """Run a server with all its commands on a unix socket; give the URL."""
    path = folder / "s"
    config = folder / "conf"
    config.write_text(
        f'port 0\nunixsocket "{path}"\ndir "{folder}"\nsave ""\nrequirepass {password}\n'
    )
    server = subprocess.Popen([find_binary(None), config], stdout=subprocess.DEVNULL)
    try:
        url = f"unix://:{password}@{path}"
        with redis.Redis.from_url(url) as raw:
            for _ in range(1000):
                with suppress(redis.ConnectionError):
                    raw.ping()
                    break
                time.sleep(0.01)
        yield url
    finally:
        server.kill()
        server.wait()
