"""Opens the store that the settings name; light, since every command needs it."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from service.config import Settings
from service.store.embedded import open_embedded
from service.store.ports import Store, StoreUnreachable
from service.store.redis_store import RedisStore


def utc_now() -> datetime:
    """Return the time; the one clock that is handed to everything else."""
    return datetime.now(UTC)


@contextmanager
def open_store(settings: Settings, store_dir: Path) -> Iterator[Store]:
    """Connect to the named store, or to the embedded one of `store_dir`, started if needed.

    Raises BadStoreUrl, UnsuitableStore and ServerFailed. A named store that is out of reach is no
    error yet: whoever asks it will see StoreUnreachable until it comes back.
    """
    if settings.redis_url:
        with _connected(settings, settings.redis_url) as store:
            with suppress(StoreUnreachable):
                store.check_policy()
            yield store
        return
    with (
        open_embedded(store_dir, binary=settings.valkey_bin) as server,
        _connected(settings, server.url) as store,
    ):
        yield store


def _connected(settings: Settings, url: str) -> RedisStore:
    return RedisStore.connect(
        url,
        clock=utc_now,
        history_kept_for=timedelta(days=settings.history_days),
    )
