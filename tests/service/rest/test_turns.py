"""Turns of short calls, places of those that stay."""

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orjson
import pytest

from service.rest.contract import services
from service.rest.routes import routes_of
from service.rest.turns import Turns

ROUTES = routes_of(services())
SECONDS = 5


class Body:
    """A body that never ends by itself."""

    def __init__(self) -> None:
        self.is_closed = False

    def __iter__(self) -> Iterator[bytes]:
        return iter((b"one",))

    def close(self) -> None:
        self.is_closed = True


class App:
    """Counts who is inside; those who are asked to stay until they may go."""

    def __init__(self) -> None:
        self.inside = self.most = 0
        self.go = threading.Event()
        self.body: Iterable[bytes] = [b"ok"]
        self._lock = threading.Lock()

    def __call__(self, _: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        with self._lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        self.go.wait(SECONDS)
        with self._lock:
            self.inside -= 1
        start("200 OK", [])
        return self.body


def ask(turns: Turns, path: str) -> tuple[str, Iterable[bytes]]:
    said: list[str] = []
    body = turns(
        {"PATH_INFO": path, "REQUEST_METHOD": "GET"}, lambda status, _, __=None: said.append(status)
    )
    return said[0], body


def test_so_many_short_calls_run_at_once_and_all_are_answered() -> None:
    app = App()
    turns = Turns(app, ROUTES, turns=2)
    with ThreadPoolExecutor(6) as pool:
        asked = [pool.submit(ask, turns, "/v1/offers") for _ in range(6)]
        app.go.wait(0.05)
        app.go.set()
        assert [one.result(timeout=SECONDS)[0] for one in asked] == ["200 OK"] * 6
    assert app.most == 2


def test_who_stays_takes_no_turn() -> None:
    app = App()
    turns = Turns(app, ROUTES, turns=1)
    with ThreadPoolExecutor(4) as pool:
        paths = ("/v1/changes", "/v1/changes:watch", "/v1/offers/a-b.c:refresh", "/v1/offers")
        asked = [pool.submit(ask, turns, path) for path in paths]
        app.go.wait(0.05)
        assert app.inside == 4
        app.go.set()
        assert all(one.result(timeout=SECONDS)[0] == "200 OK" for one in asked)


def test_more_than_there_are_places_are_refused_at_once() -> None:
    app = App()
    app.go.set()
    app.body = stream = Body()
    turns = Turns(app, ROUTES, turns=1, places=1)
    _, body = ask(turns, "/v1/changes:watch")
    status, refusal = ask(turns, "/v1/changes")
    assert status.startswith("429")
    assert orjson.loads(b"".join(refusal))["reason"] == "TOO_MANY_STREAMS"
    assert ask(turns, "/v1/offers")[0] == "200 OK"
    close: Any = body
    assert next(iter(body)) == b"one"
    close.close()
    close.close()
    assert stream.is_closed
    app.body = [b"ok"]
    assert ask(turns, "/v1/changes")[0] == "200 OK"
    assert ask(turns, "/v1/changes")[0] == "200 OK"  # a finished answer leaves its place


def test_an_app_that_fails_leaves_its_turn_and_its_place() -> None:
    def broken(_: dict[str, Any], __: Callable[..., Any]) -> Iterable[bytes]:
        raise RuntimeError

    turns = Turns(broken, ROUTES, turns=1, places=1)
    for path in ("/v1/offers", "/v1/changes") * 2:
        with pytest.raises(RuntimeError):
            ask(turns, path)
