"""What the metadata of a cacheable answer say: which revision it is of, and how long it holds."""

import hashlib
from collections.abc import Callable
from datetime import datetime

from service.catalog.segment import NEVER
from service.catalog.snapshot import Snapshot
from service.rpc.remembered import Remembered

REVISION = "gpuquote-revision"
CONTENT_REVISION = "gpuquote-content-revision"
MAX_AGE = "gpuquote-max-age"
LAST_MODIFIED = "gpuquote-last-modified"
FIELDS = "gpuquote-fields"

LEAST_SECONDS = 5
MOST_SECONDS = 300
_REMEMBERED = 512

_Providers = frozenset[str] | None


class CacheHints:
    """Computes the metadata of answers; what depends on the snapshot alone is kept with it."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._lasting: Remembered[dict[str, str]] = Remembered(_REMEMBERED)
        self._states: Remembered[str] = Remembered(_REMEMBERED)
        self._planned: Remembered[datetime] = Remembered(_REMEMBERED)

    def of_prices(self, snapshot: Snapshot, providers: _Providers) -> dict[str, str]:
        """Describe an answer that offers of these providers could change; None means all.

        An answer that is `degraded` has another content revision than the same rows in good
        times: whoever kept it must learn that things are well again, and the reverse.
        """
        lasting = self._lasting.find(snapshot, providers)
        if lasting is None:
            lasting = _lasting(snapshot, providers)
            self._lasting.keep(snapshot, providers, lasting)
        return lasting | {MAX_AGE: str(self._seconds_left(snapshot, providers))}

    def of_statuses(self, snapshot: Snapshot, providers: _Providers) -> dict[str, str]:
        """Describe an answer that holds the states of these providers; None means all.

        A state moves with every run of its provider, and with nothing else.
        """
        content = self._states.find(snapshot, providers)
        if content is None:
            content = _content_of_states(snapshot, providers)
            self._states.keep(snapshot, providers, content)
        return {
            REVISION: snapshot.revision,
            CONTENT_REVISION: content,
            MAX_AGE: str(self._seconds_left(snapshot, providers)),
        }

    def _seconds_left(self, snapshot: Snapshot, providers: _Providers) -> int:
        planned = self._planned.find(snapshot, providers)
        if planned is None:
            planned = snapshot.next_collection(providers) or NEVER
            self._planned.keep(snapshot, providers, planned)
        seconds = int((planned - self._now()).total_seconds())
        return max(LEAST_SECONDS, min(seconds, MOST_SECONDS))


def of_facts(snapshot: Snapshot, content_revision: str) -> dict[str, str]:
    """Describe an answer from facts that only change with the program."""
    return {
        REVISION: snapshot.revision,
        CONTENT_REVISION: content_revision,
        MAX_AGE: str(MOST_SECONDS),
    }


def _content_of_states(snapshot: Snapshot, providers: _Providers) -> str:
    digest = hashlib.blake2b(digest_size=8)
    for provider in sorted(snapshot.statuses if providers is None else providers):
        count = snapshot.offer_count_of(provider)
        is_baseline = provider in snapshot.baseline_providers
        status = snapshot.statuses.get(provider)
        digest.update(f"{status!r} {count} {is_baseline};".encode())
    return digest.hexdigest()


def _lasting(snapshot: Snapshot, providers: _Providers) -> dict[str, str]:
    content = snapshot.content_revision(providers)
    metadata = {
        REVISION: snapshot.revision,
        CONTENT_REVISION: f"{content}-degraded" if snapshot.degraded else content,
    }
    modified = snapshot.last_modified(providers)
    if modified is not None:
        metadata[LAST_MODIFIED] = str(int(modified.timestamp()))
    return metadata
