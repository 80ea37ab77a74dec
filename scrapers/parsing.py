"""Calling the parsers of a provider: here, or in a process that can be ended.

A parser reads what strangers wrote. One that never ends would hold its thread for ever, since a
thread cannot be ended from outside, and one that eats memory takes the whole collector with it. So
the collector that runs for months has its pages parsed by `scrapers.parse_worker`, in a process
with limits; a command that a person waits for parses them itself.
"""

import pickle
import struct
import subprocess
import sys
import threading
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from queue import LifoQueue
from select import select
from time import monotonic
from typing import BinaryIO, Protocol, Self, cast

from scrapers.errors import UnsafeResponse
from scrapers.page import Page
from scrapers.provider import JoinParser, PageParser, Provider, RawOffer, Reject

MAX_ROWS = 200_000
"""Far above the largest list that we read (Azure's, some ten thousand rows)."""

PARSE_SECONDS = 20.0
LARGE_PARSE_SECONDS = 60.0
WORKERS = 2
MAX_FRAME_BYTES = 1 << 30

_LENGTH = struct.Struct(">Q")

Rows = list[RawOffer | Reject]


class Parsing(Protocol):
    """Calls parsers. Raises CollectError, and from a parser with a bug whatever it raised."""

    def parse(
        self, provider: Provider, kinds: tuple[str, ...], pages: tuple[tuple[Page, ...], ...]
    ) -> Rows:
        """Return what the parser of `kinds` makes of the pages, one tuple for each kind."""
        ...

    def follow(self, provider: Provider, page: Page) -> list[str]:
        """Return the addresses that follow a page."""
        ...


class InProcess:
    """Calls parsers where it is called."""

    def parse(
        self, provider: Provider, kinds: tuple[str, ...], pages: tuple[tuple[Page, ...], ...]
    ) -> Rows:
        """Return the rows of the pages. Raises UnsafeResponse for too many."""
        parser = provider.parsers[kinds]
        if len(kinds) == 1:
            parse = cast("PageParser", parser)
            return _bounded(row for page in pages[0] for row in parse(page))
        return _bounded(cast("JoinParser", parser)(*pages))

    def follow(self, provider: Provider, page: Page) -> list[str]:
        """Return the addresses that follow a page."""
        follower = provider.followers.get(page.kind)
        return list(follower(page)) if follower else []


def _bounded(rows: Iterable[RawOffer | Reject]) -> Rows:
    taken = list(islice(rows, MAX_ROWS + 1))
    if len(taken) > MAX_ROWS:
        raise UnsafeResponse(f"more than {MAX_ROWS} rows")
    return taken


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What a worker is asked: to parse, or with a single page and no kinds, to follow it.

    Providers go by name, since their parsers are code.
    """

    provider: str
    kinds: tuple[str, ...]
    pages: tuple[tuple[Page, ...], ...]
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a worker answers: rows or addresses, or the error that ended the parser."""

    result: Rows | list[str] | None = None
    error: Exception | None = None


class ParserFailed(Exception):
    """A parser in a worker has a bug; the message names what it raised."""


class WorkerLost(Exception):
    """The worker ended without an answer, or did not answer in time."""


class InWorkers:
    """Calls parsers in a few processes, each started when first needed, ended when it is late.

    After a large list the worker goes too, and its memory with it. Providers whose last page was
    not parsed in time share one more worker, so that many of them hold up nobody but each other.
    """

    def __init__(
        self,
        *,
        count: int = WORKERS,
        seconds: float = PARSE_SECONDS,
        large_seconds: float = LARGE_PARSE_SECONDS,
        command: tuple[str, ...] = (sys.executable, "-m", "scrapers.parse_worker"),
    ) -> None:
        self._seconds = seconds
        self._large_seconds = large_seconds
        # Last in, first out: one worker does nearly everything, the others start when they must.
        self._idle: LifoQueue[_Worker] = LifoQueue()
        for _ in range(count):
            self._idle.put(_Worker(command))
        self._closed = False
        self._late: set[str] = set()
        self._for_late: LifoQueue[_Worker] = LifoQueue()
        self._for_late.put(_Worker(command))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the workers that are not at work; the others end with their task."""
        self._closed = True
        for queue in (self._idle, self._for_late):
            while not queue.empty():
                queue.get_nowait().end()

    def parse(
        self, provider: Provider, kinds: tuple[str, ...], pages: tuple[tuple[Page, ...], ...]
    ) -> Rows:
        """Return the rows of the pages. Raises UnsafeResponse for what cannot be parsed in time."""
        return cast("Rows", self._ask(provider, kinds, pages))

    def follow(self, provider: Provider, page: Page) -> list[str]:
        """Return the addresses that follow a page."""
        if page.kind not in provider.followers:
            return []
        return cast("list[str]", self._ask(provider, (), ((page,),)))

    def _ask(
        self, provider: Provider, kinds: tuple[str, ...], pages: tuple[tuple[Page, ...], ...]
    ) -> Rows | list[str]:
        seconds = self._large_seconds if provider.large else self._seconds
        task = Task(provider=provider.id, kinds=kinds, pages=pages, seconds=seconds)
        queue = self._for_late if provider.id in self._late else self._idle
        worker = queue.get()
        try:
            done = worker.ask(task)
            self._late.discard(provider.id)
        except WorkerLost as lost:
            self._late.add(provider.id)
            named = "+".join(kinds) or pages[0][0].kind
            raise UnsafeResponse(f"{named}: could not be parsed: {lost}") from lost
        finally:
            if provider.large:
                worker.end()
            queue.put(worker)
            if self._closed:
                self.close()
        if done.error is not None:
            raise done.error
        return done.result or []


class _Worker:
    """One process behind two pipes; used by one thread at a time."""

    def __init__(self, command: tuple[str, ...]) -> None:
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, task: Task) -> Done:
        """Give it a task and wait for the answer. Raises WorkerLost, and then it has ended."""
        process = self._running()
        feeder = threading.Thread(target=_send, args=(process, task), daemon=True)
        feeder.start()
        try:
            done = _receive(process, until=monotonic() + task.seconds)
        except WorkerLost:
            self.end()
            raise
        finally:
            feeder.join()
        return done

    def end(self) -> None:
        """End the process at once, if there is one."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        with suppress(OSError):
            process.communicate(timeout=5)

    def _running(self) -> "subprocess.Popen[bytes]":
        if self._process is None or self._process.poll() is not None:
            self.end()
            # In a session of its own: Ctrl-C in a terminal is for the collector.
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                start_new_session=True,
            )
        return self._process


def write_frame(stream: BinaryIO, value: object) -> None:
    """Write a value with its length before it."""
    body = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    stream.write(_LENGTH.pack(len(body)) + body)
    stream.flush()


def read_frame(stream: BinaryIO) -> object:
    """Read a value that the other end of our own pipe wrote. Raises EOFError at its end."""
    (length,) = _LENGTH.unpack(_exactly(stream, _LENGTH.size))
    if length > MAX_FRAME_BYTES:
        raise EOFError(f"a frame of {length} bytes")
    return pickle.loads(_exactly(stream, length))  # noqa: S301 - from our own process


def _exactly(stream: BinaryIO, count: int) -> bytes:
    found = stream.read(count)
    if len(found) < count:
        raise EOFError("the pipe ended")
    return found


def _send(process: "subprocess.Popen[bytes]", task: Task) -> None:
    # In a thread: a worker that does not read must not hold us up.
    with suppress(OSError, ValueError):
        write_frame(cast("BinaryIO", process.stdin), task)


def _receive(process: "subprocess.Popen[bytes]", *, until: float) -> Done:
    stream = cast("BinaryIO", process.stdout)
    if not select([stream], [], [], max(until - monotonic(), 0))[0]:
        raise WorkerLost("its parser did not end in time")
    try:
        return cast("Done", read_frame(stream))
    except (EOFError, pickle.UnpicklingError) as error:
        raise WorkerLost("its parser took more than it may") from error
