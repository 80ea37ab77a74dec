"""The token prices behind an answer, or the error that there are none yet."""

from service.domain.errors import Reason, Unavailable
from service.domain.model_price import ModelPrice
from service.store.newest_model_prices import NewestModelPrices
from service.store.ports import StoreUnreachable

_RETRY_SECONDS = 5


def loaded_token_prices(prices: NewestModelPrices) -> tuple[ModelPrice, ...]:
    """Return all token prices. Raises Unavailable when none could be loaded yet."""
    try:
        return prices.every()
    except StoreUnreachable as error:
        raise Unavailable(
            Reason.STORE_UNREACHABLE,
            "No token prices are loaded yet, since the store has not answered.",
            retry_after_seconds=_RETRY_SECONDS,
        ) from error
