"""What the gate holds back, and the decisions of people about it, in Redis.

Two hashes with one writer each: the collector replaces what it knows of a provider, people decide.
So neither can overwrite the other, and a decision replaces only the one that the person had seen.
"""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from service.domain.quarantine import QuarantinedOffer, Review, kept_entries, newest_first
from service.store import codec, keys
from service.store.ports import NewerSchema, PublishOutcome
from service.store.redis_link import RedisLink

log = logging.getLogger(__name__)


class RedisQuarantine:
    """The `QuarantineStore` of ports.py."""

    def __init__(self, link: RedisLink, *, clock: Callable[[], datetime]) -> None:
        self._link = link
        self._clock = clock

    def quarantine(self, *, provider: str) -> tuple[QuarantinedOffer, ...]:
        """Return what is held of a provider, of all for "", newest first, with its decisions."""
        stored = self._fields("HGET", provider) if provider else self._fields("HVALS")
        now = self._clock()
        found = [entry for each in stored for entry in kept_entries(_readable(each), now=now)]
        if not found:
            return ()
        reviews = self._fields("HMGET", *(entry.quarantine_id for entry in found), of_reviews=True)
        pairs = zip(found, reviews, strict=False)
        return newest_first(_reviewed(entry, stored_review) for entry, stored_review in pairs)

    def save_quarantine(
        self, provider: str, entries: tuple[QuarantinedOffer, ...], *, fence: int
    ) -> PublishOutcome:
        """Replace what is held of a provider; decisions about what is gone go with it."""
        known = {entry.quarantine_id for entry in self.quarantine(provider=provider)}
        dropped = sorted(known - {entry.quarantine_id for entry in entries})
        outcome, _ = self._link.script(
            "save_quarantine",
            names=(keys.FENCE, keys.QUARANTINE, keys.REVIEWS),
            values=(fence, provider, codec.encode_quarantine(entries), *dropped),
        )
        return PublishOutcome(outcome)

    def review(
        self, quarantine_id: str, review: Review, *, instead_of: Review | None = None
    ) -> bool:
        """Keep a decision; False when another one stands than `instead_of`."""
        known = codec.encode_review(instead_of) if instead_of else b""
        outcome, _ = self._link.script(
            "review",
            names=(keys.REVIEWS,),
            values=(quarantine_id, codec.encode_review(review), known),
        )
        return outcome == "kept"

    def _fields(self, command: str, *fields: str, of_reviews: bool = False) -> list[bytes | None]:
        key = keys.REVIEWS if of_reviews else keys.QUARANTINE
        found: Any = self._link.read(command, key, *fields, otherwise=[None] * len(fields))
        return found if isinstance(found, list) else [found]


def _readable(stored: bytes | None) -> Iterable[QuarantinedOffer]:
    if stored is None:
        return ()
    try:
        return codec.decode_quarantine(stored)
    except (codec.Unreadable, NewerSchema) as error:
        _log_unreadable("quarantine", error)
        return ()


def _reviewed(entry: QuarantinedOffer, stored: bytes | None) -> QuarantinedOffer:
    if stored is None:
        return entry
    try:
        return entry.reviewed(codec.decode_review(stored))
    except (codec.Unreadable, NewerSchema) as error:
        _log_unreadable("review", error)
        return entry


def _log_unreadable(what: str, error: Exception) -> None:
    log.error("%s unreadable", what, extra={"cause": str(error)})
