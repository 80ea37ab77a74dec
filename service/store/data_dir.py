"""The data folder: private, and used by one program at a time."""

import fcntl
import os
from pathlib import Path
from typing import Self


class DataDirBusy(Exception):
    """Another program works in this data folder; `pid` is its process, 0 when not known."""

    def __init__(self, data_dir: Path, pid: int) -> None:
        who = f"process {pid}" if pid else "another process"
        super().__init__(f"{data_dir} is in use by {who}; stop it or choose another data folder")
        self.data_dir = data_dir
        self.pid = pid


def make_private(folder: Path) -> Path:
    """Make a folder that only its owner can enter; return its absolute path. Raises OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = folder.resolve()
    if folder.stat().st_mode & 0o077:
        folder.chmod(0o700)
    return folder


class FileLock:
    """A lock on a file: the kernel gives it back when the last holder of its descriptor ends.

    The file stays: removing it would let two programs lock two files of one name.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None

    @property
    def handle(self) -> int:
        """The descriptor; a child that inherits it holds the lock too."""
        if self._handle is None:
            raise ValueError("the lock is not held")
        return self._handle

    def take(self) -> bool:
        """Take the lock and write our process id into it; False when somebody else has it."""
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return False
        os.ftruncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode(), 0)
        self._handle = handle
        return True

    def holder(self) -> int:
        """Return the process id in the file, 0 when there is none."""
        try:
            return int(self._path.read_text() or "0")
        except (OSError, ValueError):
            return 0

    def close(self) -> None:
        """Close our descriptor; the lock stays with a child that inherited it."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


class DataDirLock:
    """The right to run the whole program in a data folder, for the length of a `with`."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._lock: FileLock | None = None

    def __enter__(self) -> Self:
        """Take the folder. Raises DataDirBusy and OSError."""
        lock = FileLock(make_private(self._data_dir) / "up.lock")
        if not lock.take():
            raise DataDirBusy(self._data_dir, lock.holder())
        self._lock = lock
        return self

    def __exit__(self, *_: object) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None
