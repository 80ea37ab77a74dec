"""The embedded server comes back when it ends by itself; really, on real processes."""

import os
import signal
import time
from pathlib import Path
from typing import Any, cast

import pytest

from service.store import keeper
from service.store.data_dir import FileLock
from service.store.embedded import open_embedded
from service.store.keeper import ServerKeeper
from service.store.ports import StoreUnreachable
from service.store.redis_store import RedisStore
from service.store.server_process import ServerFailed, ServerProcess
from tests.builders import a_status
from tests.service.store.servers import wait_for


def pid_in(folder: Path) -> int:
    # While it is being written, the file is empty.
    text = ""
    while not text:
        text = (folder / "valkey.pid").read_text()
    return int(text)


def providers_in(store: RedisStore) -> list[str]:
    try:
        return sorted(store.statuses())
    except StoreUnreachable:
        return []


@pytest.mark.redis
def test_a_killed_server_comes_back_at_its_address_with_its_data(tmp_path: Path) -> None:
    with open_embedded(tmp_path) as server, RedisStore.connect(server.url) as store:
        store.register((a_status("nimbus"),))
        first = pid_in(tmp_path)
        os.kill(first, signal.SIGKILL)
        assert wait_for(lambda: pid_in(tmp_path) != first)
        assert wait_for(lambda: providers_in(store) == ["nimbus"])
        second = pid_in(tmp_path)
        os.kill(second, signal.SIGKILL)
        assert wait_for(lambda: pid_in(tmp_path) not in {first, second})
        assert wait_for(lambda: providers_in(store) == ["nimbus"])
    assert not (tmp_path / "valkey.sock").exists()


@pytest.mark.redis
def test_while_another_process_has_the_folder_no_server_is_started(tmp_path: Path) -> None:
    with open_embedded(tmp_path) as server:
        os.kill(server.pid, signal.SIGKILL)
        theirs = FileLock(tmp_path / "valkey.lock")
        assert wait_for(theirs.take)
        time.sleep(0.3)
        assert pid_in(tmp_path) == server.pid
        theirs.close()
        assert wait_for(lambda: pid_in(tmp_path) != server.pid)


class FakeProcess:
    """A server as the keeper sees it."""

    pid = 1

    def __init__(self, *, ended: bool = False) -> None:
        self.ended = ended

    def has_ended(self) -> bool:
        return self.ended

    def last_words(self) -> str:
        return "bye"

    def stop(self) -> None:
        self.ended = True


def kept(process: FakeProcess, *outcomes: Any) -> tuple[ServerKeeper, list[Any]]:
    """Return a keeper whose starts have these outcomes, and the outcomes that are left."""
    left = list(outcomes)

    def start_again() -> ServerProcess | None:
        outcome = left.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return cast("ServerProcess | None", outcome)

    return ServerKeeper(cast("ServerProcess", process), start_again), left


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "LOOK_EVERY_SECONDS", 0.001)
    monkeypatch.setattr(keeper, "FIRST_PAUSE_SECONDS", 0.001)


@pytest.mark.usefixtures("hurry")
def test_a_start_that_fails_is_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    revived = FakeProcess()
    subject, left = kept(
        FakeProcess(ended=True), ServerFailed("no room"), OSError("full"), None, revived
    )
    assert wait_for(lambda: not left)
    subject.stop()
    assert revived.ended
    causes = [record.__dict__.get("cause") for record in caplog.records]
    assert [cause for cause in causes if cause] == ["no room", "full"]


@pytest.mark.usefixtures("hurry")
def test_a_server_that_is_told_to_stop_is_not_started_again() -> None:
    process = FakeProcess()
    subject, left = kept(process, FakeProcess())
    subject.stop()
    time.sleep(0.02)
    assert process.ended
    assert len(left) == 1
