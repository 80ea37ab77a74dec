"""Exchange rates in Redis: one value, the newest rates with their days."""

import logging

from service.domain.exchange import KeptRates
from service.store import codec, keys
from service.store.ports import NewerSchema, PublishOutcome
from service.store.redis_link import RedisLink

log = logging.getLogger(__name__)


class RedisRates:
    """The `RateStore` of ports.py."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link

    def rates(self) -> KeptRates | None:
        """Return the rates that were saved last; None before, and when they cannot be read."""
        stored: bytes | None = self._link.read("GET", keys.RATES, otherwise=None)
        try:
            return codec.decode_rates(stored) if stored else None
        except (codec.Unreadable, NewerSchema) as error:
            log.error("exchange rates unreadable", extra={"cause": str(error)})  # noqa: TRY400 - the cause is in the message
            return None

    def save_rates(self, rates: KeptRates, *, fence: int) -> PublishOutcome:
        """Replace the rates; FENCED when a higher fencing token was seen."""
        outcome, _ = self._link.script(
            "save_rates",
            names=(keys.FENCE, keys.RATES),
            values=(fence, codec.encode_rates(rates)),
        )
        return PublishOutcome(outcome)
