"""Collection runs, the requests for them, and the collector's lease, in Redis."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from service.domain.run import RUNS_KEPT_FOR, CollectionRun
from service.store import codec, keys
from service.store.ports import Lease, NewerSchema
from service.store.redis_link import RedisLink, WrongType, pass_over
from service.store.run_rules import is_waiting, open_until

log = logging.getLogger(__name__)

_MILLISECOND = timedelta(milliseconds=1)


class RedisRuns:
    """The `RunStore` of ports.py."""

    def __init__(self, link: RedisLink, *, clock: Callable[[], datetime]) -> None:
        self._link = link
        self._clock = clock

    def request_run(self, run: CollectionRun) -> CollectionRun | None:
        """Store a PENDING run and queue it for the leading collector, unless one is open."""
        outcome, stored = self._save(run, is_request=True)
        if outcome != "open":
            return None
        found = _readable(stored)
        if found is None:
            # Nobody can end a run that nobody can read.
            self._link.call("HDEL", keys.OPEN_RUNS, run.provider)
            self._save(run, is_request=True)
        return found

    def take_request(self, *, timeout_seconds: float) -> CollectionRun | None:
        """Take the oldest queued run; None when none came in time."""
        while True:
            try:
                taken = self._link.wait(
                    timeout_seconds=timeout_seconds,
                    attempt=lambda seconds: ("BLPOP", keys.RUN_REQUESTS, f"{seconds:.3f}"),
                )
            except WrongType:
                pass_over(keys.RUN_REQUESTS)
                return None
            if taken is None:
                return None
            run = self.find_run(taken[1].decode())
            if run is not None and is_waiting(run, now=self._clock()):
                return run
            # What is left in the queue has been waiting long enough.
            timeout_seconds = 0

    def save_run(self, run: CollectionRun) -> None:
        """Store a run, replacing what stood there; kept for `RUNS_KEPT_FOR`."""
        self._save(run, is_request=False)

    def find_run(self, run_id: str) -> CollectionRun | None:
        """Return a run; None when there is none of that id."""
        return _readable(self._link.read("GET", keys.run(run_id), otherwise=None))

    def runs(self, *, provider: str, before: str, limit: int) -> tuple[CollectionRun, ...]:
        """List runs, newest first, with an id below `before`; "" means all, for both."""
        found: list[CollectionRun] = []
        while len(found) < limit:
            wanted = limit - len(found)
            ids = self._ids_below(before, index=keys.run_index(provider), limit=wanted)
            if not ids:
                break
            # Ids of runs that have expired stay in the index for a while.
            stored = self._link.call("MGET", *(keys.run(run_id) for run_id in ids))
            found.extend(run for run in map(_readable, stored) if run is not None)
            before = ids[-1]
        return tuple(found)

    def _ids_below(self, before: str, *, index: str, limit: int) -> list[str]:
        top = f"({before}" if before else "+"
        words = (top, "-", "LIMIT", 0, limit)
        ids = self._link.read("ZREVRANGEBYLEX", index, *words, otherwise=())
        return [run_id.decode() for run_id in ids]

    def _save(self, run: CollectionRun, *, is_request: bool) -> tuple[str, bytes]:
        end = open_until(run)
        return self._link.script(
            "save_run",
            names=(
                keys.run(run.run_id),
                keys.OPEN_RUNS,
                keys.RUN_REQUESTS,
                keys.run_index(""),
                keys.run_index(run.provider),
            ),
            values=(
                keys.run(""),
                run.run_id,
                codec.encode_run(run),
                run.provider,
                RUNS_KEPT_FOR // _MILLISECOND,
                _milliseconds(self._clock()),
                _milliseconds(end) if end else 0,
                int(is_request),
            ),
        )


class RedisLeases:
    """The `LeaseStore` of ports.py."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link

    def acquire(self, *, holder: str, length: timedelta) -> Lease | None:
        """Take the lease if it is free or already ours; a new term gets a higher token."""
        outcome, fence = self._link.script(
            "acquire", names=(keys.LEASE, keys.FENCE), values=(holder, length // _MILLISECOND)
        )
        return Lease(holder=holder, fence=int(fence)) if outcome == "held" else None

    def renew(self, lease: Lease, *, length: timedelta) -> bool:
        """Extend a lease that is still ours; False when it is not."""
        outcome, _ = self._link.script(
            "renew", names=(keys.LEASE,), values=(_term(lease), length // _MILLISECOND)
        )
        return outcome == "held"

    def release(self, lease: Lease) -> None:
        """Give the lease up if it is still ours."""
        self._link.script("release", names=(keys.LEASE,), values=(_term(lease),))


def _term(lease: Lease) -> str:
    return f"{lease.fence} {lease.holder}"


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _readable(stored: bytes | None) -> CollectionRun | None:
    if stored is None:
        return None
    try:
        return codec.decode_run(stored)
    except (codec.Unreadable, NewerSchema) as error:
        log.error(  # noqa: TRY400 - the cause is in the message; a traceback adds nothing
            "run unreadable", extra={"cause": str(error)}
        )
        return None
