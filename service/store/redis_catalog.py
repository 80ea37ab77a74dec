"""Snapshots, states and price history in Redis; `publish` also writes the log of changes."""

import logging
import secrets
from collections.abc import Mapping
from datetime import timedelta

from service.domain.change import Change
from service.domain.provider import ProviderSnapshot, ProviderStatus
from service.store import codec, keys
from service.store.offer_blocks import PackedSnapshot, unpack_snapshot
from service.store.ports import (
    PAGE_TOKEN_KEY_BYTES,
    NewerSchema,
    PublishOutcome,
    UnreadableSnapshot,
)
from service.store.redis_changes import LOG_BOUNDS, framed_entries
from service.store.redis_history import HistoryWriter
from service.store.redis_link import RedisLink, WrongType, pass_over

OLD_BODIES_KEPT_SECONDS = 3600

_START = "0-0"

log = logging.getLogger(__name__)


class RedisCatalog:
    """The `CatalogStore` of ports.py."""

    def __init__(self, link: RedisLink, *, history_kept_for: timedelta) -> None:
        self._link = link
        self._history = HistoryWriter(link, kept_for=history_kept_for)

    def register(self, statuses: tuple[ProviderStatus, ...]) -> None:
        """Store the states of providers, each replacing what stood there."""
        if not statuses:
            return
        values = [
            word for status in statuses for word in (status.provider, codec.encode_status(status))
        ]
        self._link.script("register", names=(keys.STATUSES, keys.EVENTS), values=values)

    def statuses(self) -> Mapping[str, ProviderStatus]:
        """Return the state of every provider that was ever registered; unreadable ones not."""
        found: dict[str, ProviderStatus] = {}
        for name, stored in self._hash(keys.STATUSES).items():
            try:
                found[name] = codec.decode_status(stored)
            except (codec.Unreadable, NewerSchema) as error:
                log.error(  # noqa: TRY400 - the cause is in the message; a traceback adds nothing
                    "status unreadable", extra={"provider": name, "cause": str(error)}
                )
        return found

    def pointers(self) -> Mapping[str, str]:
        """Return the id of the current snapshot of every provider that has one."""
        return {name: value.decode() for name, value in self._hash(keys.POINTERS).items()}

    def snapshot(self, provider: str) -> ProviderSnapshot | None:
        """Return the current snapshot, whole; None before the first publication."""
        packed = self.packed_snapshot(provider)
        if packed is None:
            return None
        try:
            return unpack_snapshot(packed)
        except ValueError as error:
            raise _unreadable(provider, packed.source.snapshot_id, cause=str(error)) from error

    def packed_snapshot(self, provider: str) -> PackedSnapshot | None:
        """Return the current snapshot with its offers packed; None before the first."""
        snapshot_id = self._pointer(provider)
        while snapshot_id:
            stored = self._bytes(keys.body(provider, snapshot_id))
            if stored is not None:
                return _checked(stored, provider=provider, snapshot_id=snapshot_id)
            # Bodies outlive their pointer by an hour; a reader may have slept for longer.
            current = self._pointer(provider)
            if current == snapshot_id:
                raise _unreadable(provider, snapshot_id, cause="the body is missing")
            snapshot_id = current
        return None

    def publish(
        self,
        snapshot: ProviderSnapshot,
        *,
        previous_id: str,
        changes: tuple[Change, ...],
        fence: int,
    ) -> PublishOutcome:
        """Make `snapshot` current in one step; log its changes, add its history points."""
        provider, snapshot_id = snapshot.provider, snapshot.snapshot_id
        history = self._history.steps_of(snapshot, changes, previous_id=previous_id)
        outcome, _ = self._link.script(
            "publish",
            names=(
                keys.FENCE,
                keys.POINTERS,
                keys.generations(provider),
                keys.EVENTS,
                keys.body(provider, snapshot_id),
                keys.CHANGE_LOG,
                keys.CHANGE_LOG_STATE,
                *history.names,
            ),
            values=(
                fence,
                provider,
                snapshot_id,
                previous_id,
                codec.encode_snapshot(snapshot),
                framed_entries(changes),
                OLD_BODIES_KEPT_SECONDS,
                LOG_BOUNDS,
                *history.words,
            ),
            is_long=True,
        )
        return PublishOutcome(outcome)

    def position(self) -> str:
        """Return the current end of the event stream."""
        newest = self._link.read("XREVRANGE", keys.EVENTS, "+", "-", "COUNT", 1, otherwise=())
        return newest[0][0].decode() if newest else _START

    def wait_for_event(self, *, after: str, timeout_seconds: float) -> str:
        """Block until something was published or registered after `after`; return the new end."""
        try:
            self._link.wait(
                timeout_seconds=timeout_seconds,
                attempt=lambda seconds: (
                    *("XREAD", "COUNT", 1, "BLOCK", max(int(seconds * 1000), 1)),
                    *("STREAMS", keys.EVENTS, after),
                ),
            )
        except WrongType:
            pass_over(keys.EVENTS)
        # A stream that was lost or rolled back ends before `after`: that is news as well.
        return self.position()

    def page_token_key(self) -> bytes:
        """Return the random key that all replicas sign page tokens with; made on first use."""
        fresh = secrets.token_bytes(PAGE_TOKEN_KEY_BYTES)
        self._link.call("SET", keys.PAGE_TOKEN_KEY, fresh, "NX")
        return self._bytes(keys.PAGE_TOKEN_KEY) or fresh

    def _pointer(self, provider: str) -> str:
        found: bytes | None = self._link.read("HGET", keys.POINTERS, provider, otherwise=None)
        return (found or b"").decode()

    def _hash(self, key: str) -> Mapping[str, bytes]:
        found = self._link.read("HGETALL", key, otherwise={})
        return {name.decode(): value for name, value in found.items()}

    def _bytes(self, key: str) -> bytes | None:
        found: bytes | None = self._link.read("GET", key, otherwise=None)
        return found


def _checked(stored: bytes, *, provider: str, snapshot_id: str) -> PackedSnapshot:
    try:
        packed = codec.decode_packed_snapshot(stored)
    except (codec.Unreadable, NewerSchema) as error:
        raise _unreadable(provider, snapshot_id, cause=str(error)) from error
    if (packed.source.provider, packed.source.snapshot_id) != (provider, snapshot_id):
        raise _unreadable(provider, snapshot_id, cause="the body is another snapshot's")
    return packed


def _unreadable(provider: str, snapshot_id: str, *, cause: str) -> UnreadableSnapshot:
    facts = {"provider": provider, "snapshot_id": snapshot_id, "cause": cause}
    log.error("snapshot unreadable", extra=facts)
    return UnreadableSnapshot(f"{provider}: snapshot {snapshot_id}: {cause}")
