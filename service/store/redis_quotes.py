"""Quotes and the request ids that made them, in Redis."""

import logging
from datetime import timedelta

from service.domain.quote import REQUEST_IDS_KEPT_FOR, KeptRequest, Quote, QuoteHead
from service.store import codec, keys
from service.store.ports import NewerSchema, StoreFull, UnreadableQuote
from service.store.redis_link import RedisLink

log = logging.getLogger(__name__)

_MILLISECOND = timedelta(milliseconds=1)


class RedisQuotes:
    """The `QuoteStore` of ports.py."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link

    def create_quote(
        self, quote: Quote, *, request_id: str = "", digest: str = ""
    ) -> KeptRequest | None:
        """Keep a quote and what its request id stands for, in one step."""
        head = quote.head
        outcome, standing = self._link.script(
            "create_quote",
            names=(
                keys.quote(head.quote_id),
                keys.quote_head(head.quote_id),
                keys.QUOTE_INDEX,
                keys.quote_request(request_id),
            ),
            values=(
                keys.quote(""),
                head.quote_id,
                codec.encode_document(quote.document),
                codec.encode_quote_head(head),
                (quote.purge_time - head.create_time) // _MILLISECOND,
                digest if request_id else "",
                REQUEST_IDS_KEPT_FOR // _MILLISECOND,
            ),
            is_long=True,
        )
        if outcome == "full":
            raise StoreFull(f"{self._link.address}: {standing.decode()} bytes are in use")
        return _request(standing) if outcome == "standing" else None

    def find_request(self, request_id: str) -> KeptRequest | None:
        """Return what a request id stands for; None for one that is not known, or not any more."""
        return _request(self._link.read("GET", keys.quote_request(request_id), otherwise=None))

    def find_quote(self, quote_id: str) -> bytes | None:
        """Return the document of a quote; None when there is none of that id."""
        stored: bytes | None = self._link.read("GET", keys.quote(quote_id), otherwise=None)
        if stored is None:
            return None
        try:
            return codec.decode_document(stored)
        except (codec.Unreadable, NewerSchema) as error:
            raise UnreadableQuote(f"{quote_id}: {error}") from error

    def quotes(self, *, before: str, limit: int) -> tuple[QuoteHead, ...]:
        """List the heads of quotes, newest first, with an id below `before`; "" means all."""
        found: list[QuoteHead] = []
        while len(found) < limit:
            ids = self._quote_ids_below(before, limit=limit - len(found))
            if not ids:
                break
            # Ids of quotes that have expired stay in the index for a while.
            stored = self._link.call("MGET", *(keys.quote_head(quote_id) for quote_id in ids))
            found.extend(head for head in map(_readable, stored) if head is not None)
            before = ids[-1]
        return tuple(found)

    def _quote_ids_below(self, before: str, *, limit: int) -> list[str]:
        top = f"({before}" if before else "+"
        words = (top, "-", "LIMIT", 0, limit)
        ids = self._link.read("ZREVRANGEBYLEX", keys.QUOTE_INDEX, *words, otherwise=())
        return [quote_id.decode() for quote_id in ids]


def _request(stored: bytes | None) -> KeptRequest | None:
    digest, _, quote_id = (stored or b"").decode("ascii", errors="replace").partition(" ")
    return KeptRequest(digest=digest, quote_id=quote_id) if quote_id else None


def _readable(stored: bytes | None) -> QuoteHead | None:
    if stored is None:
        return None
    try:
        return codec.decode_quote_head(stored)
    except (codec.Unreadable, NewerSchema) as error:
        _log_unreadable(error)
        return None


def _log_unreadable(error: Exception) -> None:
    log.error("quote unreadable", extra={"cause": str(error)})
