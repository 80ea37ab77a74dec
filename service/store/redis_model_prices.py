"""Token prices in Redis: one hash, a book for each source."""

import logging

from service.domain.model_price import ModelPriceBook
from service.store import codec, keys
from service.store.ports import NewerSchema, PublishOutcome
from service.store.redis_link import RedisLink

log = logging.getLogger(__name__)


class RedisModelPrices:
    """The `ModelPriceStore` of ports.py."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link

    def model_price_books(self) -> tuple[ModelPriceBook, ...]:
        """Return the readable books, by source."""
        stored: dict[bytes, bytes] = self._link.read("HGETALL", keys.MODEL_PRICES, otherwise={})
        books: list[ModelPriceBook] = []
        for source, body in sorted(stored.items()):
            try:
                books.append(codec.decode_model_prices(body))
            except (codec.Unreadable, NewerSchema) as error:
                facts = {"source": source.decode(), "cause": str(error)}
                log.error("model prices unreadable", extra=facts)  # noqa: TRY400 - the cause is in the message
        return tuple(books)

    def save_model_prices(self, book: ModelPriceBook, *, fence: int) -> PublishOutcome:
        """Replace the book of a source; FENCED when a higher fencing token was seen."""
        outcome, _ = self._link.script(
            "save_model_prices",
            names=(keys.FENCE, keys.MODEL_PRICES),
            values=(fence, book.source, codec.encode_model_prices(book)),
        )
        return PublishOutcome(outcome)
