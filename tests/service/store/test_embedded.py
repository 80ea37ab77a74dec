import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import redis

from service.store.embedded import (
    MAX_SOCKET_PATH_BYTES,
    EmbeddedServer,
    ServerFailed,
    open_embedded,
)
from service.store.redis_store import RedisStore
from tests.builders import a_snapshot, a_status, an_offer
from tests.service.store.contract import publish
from tests.service.store.servers import wait_for

pytestmark = pytest.mark.redis

ROOT = Path(__file__).parents[3]
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc and pdeathsig")


def is_alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def socket_of(server: EmbeddedServer) -> Path:
    return Path(unquote(urlsplit(server.url).path))


@pytest.fixture
def child() -> Iterator[Callable[[Path], "subprocess.Popen[str]"]]:
    """Start processes that open the server of a folder and print its id."""
    with ExitStack() as started:

        def start(folder: Path) -> "subprocess.Popen[str]":
            code = (
                "import sys, time; from pathlib import Path\n"
                "from service.store.embedded import open_embedded\n"
                "with open_embedded(Path(sys.argv[1])) as server:\n"
                "    print(server.pid, flush=True)\n"
                "    time.sleep(60)\n"
            )
            process = started.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", code, folder],
                    stdout=subprocess.PIPE,
                    text=True,
                    cwd=ROOT,
                )
            )
            started.callback(process.kill)
            return process

        yield start


def test_data_are_there_again_after_a_restart(tmp_path: Path) -> None:
    for is_second in (False, True):
        with open_embedded(tmp_path) as server, RedisStore.connect(server.url) as store:
            assert not server.is_shared
            if is_second:
                assert store.snapshot("nimbus") == a_snapshot(an_offer())
                assert store.statuses() == {"nimbus": a_status()}
            else:
                publish(store, a_snapshot(an_offer()))
                store.register((a_status(),))
    assert not is_alive(server.pid)
    assert (tmp_path / "valkey.log").exists()
    assert (tmp_path / "valkey.log.1").exists()


def test_the_server_suits_the_store(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with (
        open_embedded(tmp_path, max_memory_mb=77) as server,
        redis.Redis.from_url(server.url) as raw,
        RedisStore.connect(server.url) as store,
    ):
        caplog.clear()
        store.check_policy()
        assert not caplog.records
        facts = raw.info()
        assert isinstance(facts, dict)
        assert facts["aof_enabled"] == 1
        assert facts["maxmemory"] == 77 * 1024 * 1024
        assert facts["tcp_port"] == 0


@linux_only
def test_the_server_listens_on_no_network(valkey: EmbeddedServer) -> None:
    opened = {str(each.readlink()) for each in Path(f"/proc/{valkey.pid}/fd").iterdir()}
    inodes = {link[8:-1] for link in opened if link.startswith("socket:[")}
    assert inodes
    network = set()
    for table in ("tcp", "tcp6", "udp", "udp6"):
        lines = Path(f"/proc/{valkey.pid}/net/{table}").read_text().splitlines()[1:]
        network |= {line.split()[9] for line in lines}
    assert not inodes & network


def test_everything_is_for_the_owner_only(tmp_path: Path) -> None:
    with open_embedded(tmp_path / "data") as server:
        for path in (tmp_path / "data", tmp_path / "data" / "valkey.conf", socket_of(server)):
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0


@pytest.mark.parametrize(
    "words", ["CONFIG GET dir", "DEBUG SLEEP 0", "MODULE LIST", "FLUSHALL", "SHUTDOWN", "SAVE"]
)
def test_dangerous_commands_are_off(valkey: EmbeddedServer, words: str) -> None:
    with (
        redis.Redis.from_url(valkey.url) as raw,
        pytest.raises(redis.ResponseError, match="unknown command"),
    ):
        raw.execute_command(words)


def test_a_second_caller_uses_the_same_server_and_leaves_it_running(tmp_path: Path) -> None:
    with open_embedded(tmp_path) as first:
        with open_embedded(tmp_path) as second:
            assert second == EmbeddedServer(url=first.url, pid=first.pid, is_shared=True)
        with RedisStore.connect(first.url) as store:
            store.pointers()


def test_callers_at_the_same_time_get_one_server(tmp_path: Path) -> None:
    everyone_in = threading.Barrier(4)

    def use(_: int) -> EmbeddedServer:
        with open_embedded(tmp_path) as server:
            everyone_in.wait(20)
            return server

    with ThreadPoolExecutor(4) as pool:
        servers = list(pool.map(use, range(4)))
    assert len({server.pid for server in servers}) == 1
    assert sorted(server.is_shared for server in servers) == [False, True, True, True]


def test_what_a_killed_server_left_is_cleared(tmp_path: Path) -> None:
    with open_embedded(tmp_path) as first:
        os.kill(first.pid, signal.SIGKILL)
        assert wait_for(lambda: not is_alive(first.pid))
        assert socket_of(first).exists()
        with open_embedded(tmp_path) as second:
            assert not second.is_shared
            assert second.pid != first.pid
            with RedisStore.connect(second.url) as store:
                store.pointers()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        *("appendonlydir", "valkey.conf", "valkey.lock", "valkey.log", "valkey.log.1"),
    ]


def test_a_folder_with_a_very_long_name_works(tmp_path: Path) -> None:
    folder = tmp_path / ("long name % ü " * 12)
    with open_embedded(folder) as server:
        assert len(bytes(socket_of(server))) <= MAX_SOCKET_PATH_BYTES
        assert socket_of(server).parent.stat().st_mode & 0o077 == 0
        with open_embedded(folder) as again, RedisStore.connect(again.url) as store:
            assert again.pid == server.pid
            store.pointers()
    assert not socket_of(server).parent.exists()


def test_the_server_outlives_the_thread_that_opened_it(tmp_path: Path) -> None:
    with ExitStack() as opened:
        servers: list[EmbeddedServer] = []
        thread = threading.Thread(
            target=lambda: servers.append(opened.enter_context(open_embedded(tmp_path)))
        )
        thread.start()
        thread.join()
        time.sleep(0.1)
        with RedisStore.connect(servers[0].url) as store:
            store.pointers()


def test_ctrl_c_is_not_for_the_server(valkey: EmbeddedServer) -> None:
    assert os.getsid(valkey.pid) != os.getsid(0)


@linux_only
def test_the_server_ends_with_a_killed_parent(
    tmp_path: Path, child: Callable[[Path], "subprocess.Popen[str]"]
) -> None:
    parent = child(tmp_path)
    assert parent.stdout is not None
    server = int(parent.stdout.readline())
    assert is_alive(server)
    parent.kill()
    parent.wait()
    try:
        assert wait_for(lambda: not is_alive(server))
    finally:
        with suppress(ProcessLookupError):
            os.kill(server, signal.SIGKILL)
    with open_embedded(tmp_path) as successor:
        assert not successor.is_shared


def test_another_process_shares_the_server(
    tmp_path: Path, child: Callable[[Path], "subprocess.Popen[str]"]
) -> None:
    parent = child(tmp_path)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    with open_embedded(tmp_path) as server:
        assert server.is_shared
        assert server.pid == pid


@linux_only
def test_a_server_that_hangs_is_named(tmp_path: Path) -> None:
    with open_embedded(tmp_path) as server:
        os.kill(server.pid, signal.SIGSTOP)
        try:
            with (
                pytest.raises(ServerFailed, match=rf"process {server.pid}\) runs but does not"),
                open_embedded(tmp_path, start_timeout_seconds=0.1),
            ):
                pass
        finally:
            os.kill(server.pid, signal.SIGCONT)


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo 'Redis server v=6.2.14 sha=0'", "is Redis 6.2; at least 7.0 is needed"),
        ("echo 'Valkey server v=7.0.1'", "is Valkey 7.0; at least 7.2 is needed"),
        ("echo GNU nano", "is neither Redis nor Valkey: it says 'GNU nano"),
        ("exit 3", "does not run"),
        (
            "[ $1 = --version ] && echo 'Valkey server v=9.1.2' && exit\necho no luck >&2; exit 1",
            "ended at once: no luck",
        ),
    ],
)
def test_a_server_that_will_not_do_is_refused(tmp_path: Path, script: str, said: str) -> None:
    binary = tmp_path / "server"
    binary.write_text(f"#!/bin/sh\n{script}\n")
    binary.chmod(0o700)
    with (
        pytest.raises(ServerFailed) as refused,
        open_embedded(tmp_path / "data", binary=binary),
    ):
        pass
    assert said in str(refused.value)


def test_a_missing_server_is_refused_with_the_setting_to_change(tmp_path: Path) -> None:
    with (
        pytest.raises(ServerFailed, match="GPUQUOTE_VALKEY_BIN"),
        open_embedded(tmp_path, binary=tmp_path / "nothing"),
    ):
        pass


def test_a_folder_that_the_settings_cannot_spell_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ServerFailed, match="quotes"), open_embedded(tmp_path / 'a"b'):
        pass
