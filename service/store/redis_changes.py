"""The log of changes in Redis: a stream whose entries are packed parts of publications.

`publish` writes it, in the same step as the snapshot (lua/publish.lua); this module reads it. The
stream's own ids are the positions. A hash beside it tells the last entry and the last dropped one.
"""

import logging
import struct
import threading
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from service.domain.change import Change
from service.store import codec, keys
from service.store.ports import (
    CHANGES_KEPT,
    CHANGES_KEPT_BYTES,
    CHANGES_KEPT_FOR,
    CHANGES_PER_ENTRY,
    LogBounds,
    LogEntry,
    LogPosition,
    NewerSchema,
)
from service.store.redis_link import RedisLink, WrongType, pass_over

LOG_BOUNDS = f"{CHANGES_KEPT_FOR // timedelta(milliseconds=1)} {CHANGES_KEPT} {CHANGES_KEPT_BYTES}"

# Readers who fell behind together read the same: decoding takes longer than everything else.
DECODED_KEPT = 8

_FRAME = struct.Struct(">II")
_RawEntries = Iterable[tuple[bytes, Mapping[bytes, bytes]]]

log = logging.getLogger(__name__)


def framed_entries(changes: tuple[Change, ...]) -> bytes:
    """Pack the changes of a publication for the script: entries, each behind count and length."""
    pieces: list[bytes] = []
    for at in range(0, len(changes), CHANGES_PER_ENTRY):
        part = changes[at : at + CHANGES_PER_ENTRY]
        body = codec.encode_changes(part)
        pieces += (_FRAME.pack(len(part), len(body)), body)
    return b"".join(pieces)


class RedisChanges:
    """The `ChangeLog` of ports.py."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link
        self._decoded: dict[bytes, LogEntry] = {}
        self._lock = threading.Lock()

    def log_bounds(self) -> LogBounds:
        """Return where the log begins and ends."""
        dropped, end = self._link.read(
            "HMGET", keys.CHANGE_LOG_STATE, "dropped", "end", otherwise=(None, None)
        )
        return LogBounds(dropped=_position(dropped or b"0-0"), end=_position(end or b"0-0"))

    def log_entries(
        self, *, since: LogPosition, limit: int, enough: int = CHANGES_KEPT
    ) -> tuple[LogEntry, ...]:
        """Return the oldest entries at or after a position, until they have `enough` changes."""
        words = (_id(since), "+", "COUNT", limit)
        found = self._link.read("XRANGE", keys.CHANGE_LOG, *words, otherwise=())
        return self._entries(found, enough=enough)

    def wait_for_log_entries(
        self, *, after: LogPosition, limit: int, timeout_seconds: float
    ) -> tuple[LogEntry, ...]:
        """Block until there are entries after a position; empty when none came in time."""
        try:
            found: Any = self._link.wait(
                timeout_seconds=timeout_seconds,
                attempt=lambda seconds: (
                    *("XREAD", "COUNT", limit, "BLOCK", max(int(seconds * 1000), 1)),
                    *("STREAMS", keys.CHANGE_LOG, _id(after)),
                ),
            )
        except WrongType:
            pass_over(keys.CHANGE_LOG)
            return ()
        return self._entries(found[0][1], enough=CHANGES_KEPT) if found else ()

    def _entries(self, found: _RawEntries, *, enough: int) -> tuple[LogEntry, ...]:
        chosen: list[LogEntry] = []
        for entry_id, fields in found:
            entry = self._decoded.get(entry_id)
            if entry is None:
                changes = _changes(entry_id, fields)
                entry = LogEntry(position=_position(entry_id), changes=changes)
                self._keep(entry_id, entry)
            chosen.append(entry)
            enough -= len(entry.changes)
            if enough <= 0:
                break
        return tuple(chosen)

    def _keep(self, entry_id: bytes, entry: LogEntry) -> None:
        with self._lock:
            while len(self._decoded) >= DECODED_KEPT:
                del self._decoded[next(iter(self._decoded))]
            self._decoded[entry_id] = entry


def _changes(entry_id: bytes, fields: Mapping[bytes, bytes]) -> tuple[Change, ...]:
    try:
        return codec.decode_changes(fields.get(b"body", b""))
    except (codec.Unreadable, NewerSchema) as error:
        log.error(  # noqa: TRY400 - the cause is in the message; a traceback adds nothing
            "changes unreadable", extra={"entry": entry_id.decode(), "cause": str(error)}
        )
        return ()


def _id(position: LogPosition) -> str:
    return f"{position[0]}-{position[1]}"


def _position(entry_id: bytes) -> LogPosition:
    milliseconds, _, number = entry_id.partition(b"-")
    return int(milliseconds), int(number)
