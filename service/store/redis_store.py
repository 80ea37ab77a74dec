"""The store in Redis or Valkey: everything of ports.py over one address."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Self

from service.store.history_writes import HISTORY_KEPT_FOR
from service.store.redis_catalog import RedisCatalog
from service.store.redis_changes import RedisChanges
from service.store.redis_history import RedisHistory
from service.store.redis_link import OP_TIMEOUT_SECONDS, RedisLink, UnsuitableStore
from service.store.redis_model_prices import RedisModelPrices
from service.store.redis_quarantine import RedisQuarantine
from service.store.redis_quotes import RedisQuotes
from service.store.redis_rates import RedisRates
from service.store.redis_runs import RedisLeases, RedisRuns

log = logging.getLogger(__name__)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class RedisStore(
    RedisCatalog,
    RedisChanges,
    RedisHistory,
    RedisModelPrices,
    RedisQuarantine,
    RedisQuotes,
    RedisRates,
    RedisRuns,
    RedisLeases,
):
    """A `Store` in one Redis 7 or Valkey server; thread-safe. Processes make their own."""

    def __init__(
        self,
        link: RedisLink,
        *,
        clock: Callable[[], datetime],
        history_kept_for: timedelta,
    ) -> None:
        RedisCatalog.__init__(self, link, history_kept_for=history_kept_for)
        RedisChanges.__init__(self, link)
        RedisHistory.__init__(self, link, clock=clock, history_kept_for=history_kept_for)
        RedisQuotes.__init__(self, link)
        RedisRuns.__init__(self, link, clock=clock)

    @classmethod
    def connect(
        cls,
        url: str,
        *,
        op_timeout_seconds: float = OP_TIMEOUT_SECONDS,
        clock: Callable[[], datetime] = _utc_now,
        history_kept_for: timedelta = HISTORY_KEPT_FOR,
    ) -> Self:
        """Make a store for redis://, rediss:// or unix://; no connection is opened yet.

        Raises BadStoreUrl. A server that is silent costs an operation at most two
        `op_timeout_seconds`: one to connect, one to wait.
        """
        link = RedisLink(url, op_timeout_seconds=op_timeout_seconds)
        return cls(link, clock=clock, history_kept_for=history_kept_for)

    @property
    def address(self) -> str:
        """The address without its credentials."""
        return self._link.address

    def check_policy(self) -> None:
        """Refuse a server that would throw prices away, or that is not a single server.

        Raises UnsuitableStore and StoreUnreachable; warns of a policy that only evicts keys
        which expire anyway (old bodies, runs, the lease, and quotes, which have years to live).
        """
        facts = self._link.call("INFO")
        mode = facts.get("redis_mode", "standalone")
        if mode != "standalone":
            raise UnsuitableStore(
                f"{self.address} runs in {mode} mode, which is not supported yet; "
                "use the address of one server"
            )
        policy = str(facts.get("maxmemory_policy", "noeviction"))
        if policy.startswith("allkeys-"):
            raise UnsuitableStore(
                f"{self.address} has maxmemory-policy {policy} and would throw prices away "
                "when its memory is full; set it to noeviction"
            )
        if policy != "noeviction":
            log.warning(
                "store may evict what expires, quotes too; noeviction is safer",
                extra={"address": self.address, "policy": policy},
            )

    def close(self) -> None:
        """Close every connection."""
        self._link.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
