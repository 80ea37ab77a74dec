"""Price history and the reports of buyers in Redis.

The history is written with the snapshot: `HistoryWriter` reads what it has to know, and gives the
publication the steps to do in its one script.
"""

import secrets
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from service.domain.change import Change
from service.domain.history import ModelHistory, OfferHistory, Point, Series, Span
from service.domain.outcome import OutcomeReport
from service.domain.provider import ProviderSnapshot
from service.store import codec, keys, points
from service.store.history_writes import (
    Candidate,
    Plan,
    Stored,
    candidates_of,
    must_be_read,
    plan_of,
    series_from,
    spans_from,
)
from service.store.ports import REPORTS_KEPT
from service.store.redis_link import RedisLink

_READ_AT_ONCE = 256
_SCANNED_AT_ONCE = 5000
_NONCE_BYTES = 6
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """Keys and words for the end of those of publish.lua."""

    names: tuple[str, ...]
    words: tuple[Any, ...]


class HistoryWriter:
    """Works out what a publication adds to the history."""

    def __init__(self, link: RedisLink, *, kept_for: timedelta) -> None:
        self._link = link
        self._kept_for = kept_for

    def steps_of(
        self, snapshot: ProviderSnapshot, changes: Sequence[Change], *, previous_id: str
    ) -> Steps:
        """Read what stands there, and return the steps. Raises StoreUnreachable, NewerSchema."""
        stored, candidates = self._read(snapshot, changes)
        plan = plan_of(
            snapshot, candidates, stored, previous_id=previous_id, kept_for=self._kept_for
        )
        steps = tuple(self._steps(snapshot.provider, plan))
        words = [word for _, *four in steps for word in four]
        return Steps(names=tuple(step[0] for step in steps), words=(*words, len(steps)))

    def _read(
        self, snapshot: ProviderSnapshot, changes: Sequence[Change]
    ) -> tuple[Stored, dict[str, Candidate]]:
        known = candidates_of(snapshot, changes, provisional=())
        provider = snapshot.provider
        _, value = self._link.script(
            "history_heads",
            names=(keys.watched(provider), keys.provisional(provider)),
            values=(keys.points(""), points.HEAD_SIZE, *known),
            is_long=True,
        )
        watched, flagged, heads = cast("tuple[bytes, list[bytes], list[Any]]", value)
        provisional = [offer_id.decode() for offer_id in flagged]
        candidates = known
        if provisional:
            candidates = candidates_of(snapshot, changes, provisional=frozenset(provisional))
        found: dict[str, points.Head] = {}
        read: list[str] = []
        slack = self._kept_for / 16
        oldest = snapshot.publish_time - self._kept_for
        for offer_id, start, size in zip(
            (*known, *provisional), heads[::2], heads[1::2], strict=True
        ):
            head = points.head_of(start, stored_size=size)
            if head is not None:
                found[offer_id] = head
            if size and offer_id in candidates and must_be_read(head, oldest=oldest, slack=slack):
                read.append(offer_id)
        histories = dict(read_histories(self._link, read))
        stored = Stored(watched=watched, provisional=provisional, heads=found, histories=histories)
        return stored, candidates

    def _steps(self, provider: str, plan: Plan) -> Iterator[tuple[Any, ...]]:
        seconds = self._kept_for // _SECOND
        for one in plan.additions:
            until = seconds if one.is_delisting else 0
            yield keys.points(one.offer_id), "append", one.head, one.record, until
        for new in plan.replacements:
            until = seconds if new.is_delisting else 0
            yield keys.points(new.offer_id), "replace", new.history, "", until
        for gpu_model, offer_id, facts in plan.facts:
            yield keys.series(gpu_model), "facts", offer_id, facts, ""
        for offer_id, is_flagged in plan.provisional.items():
            yield keys.provisional(provider), "flag", offer_id, int(is_flagged), ""
        yield keys.watched(provider), "watched", plan.watched, "", ""
        for gpu_model in sorted({gpu_model for gpu_model, _, _ in plan.facts}):
            yield keys.series(gpu_model), "sweep", keys.points(""), "", ""


class RedisHistory:
    """The `HistoryStore` of ports.py."""

    def __init__(
        self, link: RedisLink, *, clock: Callable[[], datetime], history_kept_for: timedelta
    ) -> None:
        self._link = link
        self._clock = clock
        self._reports_kept_for = history_kept_for

    def price_points(self, offer_id: str) -> tuple[Point, ...]:
        """Return the history of an offer, oldest first."""
        return next((points.unpack(one) for _, one in read_histories(self._link, (offer_id,))), ())

    def offer_histories(self, offer_ids: Collection[str]) -> Mapping[str, OfferHistory]:
        """Return the histories of some offers; those without any are left out."""
        return {
            offer_id: OfferHistory(
                offer_id=offer_id,
                gpu_count=points.gpu_count_of(stored),
                points=points.unpack(stored),
            )
            for offer_id, stored in read_histories(self._link, offer_ids)
        }

    def model_history(self, gpu_model: str) -> ModelHistory:
        """Return the series of a GPU model, and when their providers were watched."""
        facts = self._link.read("HGETALL", keys.series(gpu_model), otherwise={})
        told = {offer_id.decode(): value for offer_id, value in facts.items()}
        found: list[Series] = []
        for offer_id, stored in read_histories(self._link, told):
            series = series_from(told[offer_id], offer_id, points.unpack(stored))
            if series is not None and series.points:
                found.append(series)
        providers = sorted({series.provider for series in found})
        return ModelHistory(series=tuple(found), watched=self._watched(providers))

    def models_with_history(self) -> tuple[str, ...]:
        """Return the GPU models that have series, by id; looks through all keys."""
        prefix = keys.series("")
        names: set[str] = set()
        cursor: Any = 0
        while True:
            cursor, found = self._link.call(
                "SCAN", cursor, "MATCH", f"{prefix}*", "COUNT", _SCANNED_AT_ONCE
            )
            names.update(name.decode().removeprefix(prefix) for name in found)
            if not int(cursor):
                return tuple(sorted(names))

    def save_report(self, report: OutcomeReport) -> None:
        """Keep a report."""
        kept = self._reports_kept_for // _SECOND
        self._link.script(
            "save_report",
            names=(keys.reports(report.gpu_model),),
            values=(
                f"{report.provider}\n",
                # Equal reports count each.
                secrets.token_bytes(_NONCE_BYTES) + codec.encode_report(report),
                (report.report_time - _EPOCH) // _SECOND,
                (self._clock() - _EPOCH) // _SECOND - kept,
                REPORTS_KEPT,
                kept,
            ),
        )

    def reports(self, gpu_model: str, *, since: datetime) -> tuple[OutcomeReport, ...]:
        """Return what buyers reported since a moment, oldest first."""
        second = (since - _EPOCH) // _SECOND
        words = (second, "+inf", "BYSCORE")
        stored = self._link.read("ZRANGE", keys.reports(gpu_model), *words, otherwise=())
        bodies = (one[one.index(b"\n") + 1 + _NONCE_BYTES :] for one in stored)
        found = codec.readable_reports(bodies)
        return tuple(sorted(found, key=lambda report: report.report_time))

    def _watched(self, providers: Sequence[str]) -> dict[str, tuple[Span, ...]]:
        if not providers:
            return {}
        stored = self._link.call("MGET", *(keys.watched(provider) for provider in providers))
        spans = {p: spans_from(one or b"") for p, one in zip(providers, stored, strict=True)}
        return {provider: found for provider, found in spans.items() if found}


def read_histories(link: RedisLink, offer_ids: Collection[str]) -> Iterator[tuple[str, bytes]]:
    """Read packed histories; offers without one, or with a key of another type, are left out."""
    ids = list(offer_ids)
    for start in range(0, len(ids), _READ_AT_ONCE):
        chosen = ids[start : start + _READ_AT_ONCE]
        stored = link.call("MGET", *map(keys.points, chosen))
        for offer_id, one in zip(chosen, stored, strict=True):
            if one:
                yield offer_id, one
