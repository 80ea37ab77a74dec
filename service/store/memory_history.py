"""Price history and the reports of buyers in the memory of one process."""

import threading
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta

from service.domain.change import Change
from service.domain.history import ModelHistory, OfferHistory, Point, Series
from service.domain.outcome import OutcomeReport
from service.domain.provider import ProviderSnapshot
from service.store import points
from service.store.history_writes import (
    Stored,
    candidates_of,
    plan_of,
    series_from,
    spans_from,
)
from service.store.ports import REPORTS_KEPT


class MemoryHistory:
    """The `HistoryStore` of ports.py, packed as in Redis; histories of delisted offers stay."""

    def __init__(self, *, clock: Callable[[], datetime], history_kept_for: timedelta) -> None:
        self._time = clock
        self._kept_for = history_kept_for
        self._writing = threading.RLock()
        self._histories: dict[str, bytes] = {}
        self._facts: defaultdict[str, dict[str, bytes]] = defaultdict(dict)
        self._watched: dict[str, bytes] = {}
        self._provisional: defaultdict[str, set[str]] = defaultdict(set)
        self._reports: dict[tuple[str, str], list[OutcomeReport]] = {}

    def price_points(self, offer_id: str) -> tuple[Point, ...]:
        """Return the history of an offer, oldest first."""
        with self._writing:
            return points.unpack(self._histories.get(offer_id, b""))

    def offer_histories(self, offer_ids: Collection[str]) -> Mapping[str, OfferHistory]:
        """Return the histories of some offers; those without any are left out."""
        with self._writing:
            stored = {i: self._histories[i] for i in offer_ids if i in self._histories}
        return {
            offer_id: OfferHistory(
                offer_id=offer_id,
                gpu_count=points.gpu_count_of(history),
                points=points.unpack(history),
            )
            for offer_id, history in stored.items()
        }

    def model_history(self, gpu_model: str) -> ModelHistory:
        """Return the series of a GPU model, and when their providers were watched."""
        with self._writing:
            found: list[Series] = []
            for offer_id, facts in self._facts.get(gpu_model, {}).items():
                history = points.unpack(self._histories.get(offer_id, b""))
                series = series_from(facts, offer_id, history)
                if series is not None and history:
                    found.append(series)
            spans = {p: spans_from(self._watched.get(p, b"")) for p in {s.provider for s in found}}
        return ModelHistory(
            series=tuple(found), watched={p: each for p, each in spans.items() if each}
        )

    def models_with_history(self) -> tuple[str, ...]:
        """Return the GPU models that have series, by id."""
        with self._writing:
            return tuple(sorted(self._facts))

    def save_report(self, report: OutcomeReport) -> None:
        """Keep a report."""
        with self._writing:
            key = (report.gpu_model, report.provider)
            oldest = self._time() - self._kept_for
            kept = [one for one in self._reports.get(key, ()) if one.report_time >= oldest]
            kept = sorted((*kept, report), key=lambda one: one.report_time)
            self._reports[key] = kept[-REPORTS_KEPT:]

    def reports(self, gpu_model: str, *, since: datetime) -> tuple[OutcomeReport, ...]:
        """Return what buyers reported since a moment, oldest first."""
        with self._writing:
            found = [
                report
                for (model, _), reports in self._reports.items()
                for report in reports
                if model == gpu_model and report.report_time >= since
            ]
        return tuple(sorted(found, key=lambda report: report.report_time))

    def _add_to_history(
        self, snapshot: ProviderSnapshot, changes: tuple[Change, ...], *, previous_id: str
    ) -> None:
        provider = snapshot.provider
        flagged = self._provisional[provider]
        candidates = candidates_of(snapshot, changes, provisional=flagged)
        heads = {
            offer_id: head
            for offer_id in candidates
            if (stored := self._histories.get(offer_id))
            and (head := points.head_of(stored, stored_size=len(stored)))
        }
        plan = plan_of(
            snapshot,
            candidates,
            Stored(
                watched=self._watched.get(provider, b""),
                provisional=flagged,
                heads=heads,
                histories=self._histories,
            ),
            previous_id=previous_id,
            kept_for=self._kept_for,
        )
        for one in plan.additions:
            if one.record:
                before = self._histories[one.offer_id]
                self._histories[one.offer_id] = one.head + before[points.HEAD_SIZE :] + one.record
        for new in plan.replacements:
            self._histories[new.offer_id] = new.history
        for gpu_model, offer_id, facts in plan.facts:
            self._facts[gpu_model][offer_id] = facts
        for offer_id, is_flagged in plan.provisional.items():
            (flagged.add if is_flagged else flagged.discard)(offer_id)
        self._watched[provider] = plan.watched
