"""A Valkey server of our own: in the data folder, on a private socket, without a port.

One server a data folder: a second caller uses the first one's. The server holds a file lock for
as long as it lives, so neither a stale file nor a reused process id can mislead.
"""

import logging
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import quote

from service.store.data_dir import DataDirBusy, DataDirLock, FileLock, make_private
from service.store.keeper import ServerKeeper
from service.store.ports import StoreUnreachable
from service.store.redis_link import RedisLink
from service.store.server_process import (
    ServerFailed,
    ServerFiles,
    ServerProcess,
    check_version,
    find_binary,
    write_config,
)

__all__ = ["DataDirBusy", "DataDirLock", "EmbeddedServer", "ServerFailed", "open_embedded"]

MAX_MEMORY_MB = 256
START_TIMEOUT_SECONDS = 30.0
# sun_path has 108 bytes on Linux and 104 on macOS, with the closing zero.
MAX_SOCKET_PATH_BYTES = 107 if sys.platform == "linux" else 103

_POLL_SECONDS = 0.005
_PING_TIMEOUT_SECONDS = 0.5

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedServer:
    """A server that answers. `is_shared`: another process started it and will end it."""

    url: str
    pid: int
    is_shared: bool


@contextmanager
def open_embedded(
    data_dir: Path,
    *,
    binary: Path | None = None,
    max_memory_mb: int = MAX_MEMORY_MB,
    start_timeout_seconds: float = START_TIMEOUT_SECONDS,
) -> Iterator[EmbeddedServer]:
    """Start the server of a data folder, or use the one that runs there already.

    It is stopped at the end of the `with`, unless another process started it; it also ends when
    this process is killed (on Linux). When it ends before, it is started again at the same
    address. Raises ServerFailed and OSError.
    """
    data_dir = make_private(data_dir)
    lock = FileLock(data_dir / "valkey.lock")
    end = time.monotonic() + start_timeout_seconds
    while not lock.take():
        # A server holds the lock, or somebody is about to start one.
        shared = _running(data_dir)
        if shared is not None:
            yield shared
            return
        if time.monotonic() > end:
            raise ServerFailed(
                f"the server of {data_dir} (process {_pid_in(data_dir)}) runs "
                "but does not answer; end it and start again"
            )
        time.sleep(_POLL_SECONDS)
    try:
        binary = find_binary(binary)
        version = check_version(binary)
        files = _fresh_files(data_dir)
        write_config(files, max_memory_mb=max_memory_mb)
        process = ServerProcess(binary, files, held_lock=lock.handle)
    finally:
        lock.close()
    keeper: ServerKeeper | None = None
    try:
        _become_ready(process, files, end=end)
        log.info("embedded store started", extra={"pid": process.pid, "version": version})
        keeper = ServerKeeper(process, partial(_start_again, binary, files, start_timeout_seconds))
        yield EmbeddedServer(url=_url(files.socket), pid=process.pid, is_shared=False)
    finally:
        (keeper or process).stop()
        # Somebody else may have started a server since ours ended.
        if lock.take():
            _clean(data_dir)
            lock.close()


def _start_again(binary: Path, files: ServerFiles, timeout_seconds: float) -> ServerProcess | None:
    """Start a server where one has ended; None when another process has done so."""
    lock = FileLock(files.data_dir / "valkey.lock")
    if not lock.take():
        return None
    try:
        # Whoever had the folder in between has cleared it at its end.
        files.socket.unlink(missing_ok=True)
        files.socket.parent.mkdir(mode=0o700, exist_ok=True)
        _point_to(files.socket, data_dir=files.data_dir)
        process = ServerProcess(binary, files, held_lock=lock.handle)
    finally:
        lock.close()
    try:
        _become_ready(process, files, end=time.monotonic() + timeout_seconds)
    except BaseException:
        process.stop()
        raise
    return process


def _become_ready(process: ServerProcess, files: ServerFiles, *, end: float) -> None:
    _wait_until_ready(process, _url(files.socket), end=end)
    _pid_file(files.data_dir).write_text(str(process.pid))


def _running(data_dir: Path) -> EmbeddedServer | None:
    """Return the server of a data folder if it answers."""
    try:
        url = _url(Path(_pointer(data_dir).read_text()))
    except OSError:
        return None
    link = RedisLink(url, op_timeout_seconds=_PING_TIMEOUT_SECONDS)
    try:
        pid = int(link.call("INFO", "server")["process_id"])
        link.call("PING")
    except StoreUnreachable:
        return None
    finally:
        link.close()
    return EmbeddedServer(url=url, pid=pid, is_shared=True)


def _wait_until_ready(process: ServerProcess, url: str, *, end: float) -> None:
    link = RedisLink(url, op_timeout_seconds=_PING_TIMEOUT_SECONDS)
    try:
        while True:
            try:
                # PING is refused as long as the append-only file is being read.
                link.call("PING")
            except StoreUnreachable as error:
                if process.has_ended():
                    raise ServerFailed(
                        f"the embedded server ended at once: {process.last_words()}"
                    ) from error
                if time.monotonic() > end:
                    raise ServerFailed(f"the embedded server does not answer: {error}") from error
                time.sleep(_POLL_SECONDS)
            else:
                return
    finally:
        link.close()


def _fresh_files(data_dir: Path) -> ServerFiles:
    """Clear what a dead server left, choose a socket, and write down which one."""
    _clean(data_dir)
    socket = data_dir / "valkey.sock"
    if len(bytes(socket)) > MAX_SOCKET_PATH_BYTES:
        folder = tempfile.mkdtemp(prefix="gpuquote-")
        if len(folder) > MAX_SOCKET_PATH_BYTES - len("/valkey.sock"):
            Path(folder).rmdir()
            folder = tempfile.mkdtemp(prefix="gpuquote-", dir="/tmp")
        socket = Path(folder) / "valkey.sock"
    _point_to(socket, data_dir=data_dir)
    return ServerFiles(data_dir=data_dir, socket=socket)


def _clean(data_dir: Path) -> None:
    with suppress(OSError):
        socket = Path(_pointer(data_dir).read_text())
        socket.unlink(missing_ok=True)
        if socket.parent != data_dir and socket.parent.name.startswith("gpuquote-"):
            shutil.rmtree(socket.parent, ignore_errors=True)
    for stale in (_pointer(data_dir), _pid_file(data_dir), data_dir / "valkey.sock"):
        stale.unlink(missing_ok=True)


def _pointer(data_dir: Path) -> Path:
    return data_dir / "valkey.socket-path"


def _point_to(socket: Path, *, data_dir: Path) -> None:
    """Write the address down in one step: others may read it at any moment, and not half of it."""
    draft = _pointer(data_dir).with_suffix(".new")
    draft.write_text(str(socket))
    draft.replace(_pointer(data_dir))


def _pid_file(data_dir: Path) -> Path:
    return data_dir / "valkey.pid"


def _pid_in(data_dir: Path) -> str:
    try:
        return _pid_file(data_dir).read_text() or "unknown"
    except OSError:
        return "unknown"


def _url(socket: Path) -> str:
    return f"unix://{quote(str(socket))}"
