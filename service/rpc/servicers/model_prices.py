"""ModelService, prices: what hosted APIs ask for tokens, from the store and the bundled table."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from operator import itemgetter

from gpuquote.v1 import caveat_pb2
from gpuquote.v1 import model_service_pb2 as pb

from service.catalog.paging import PageTokenSigner
from service.domain.errors import Precondition, Reason
from service.domain.model_price import PRICE_FIELDS, ModelPrice
from service.domain.money import Money
from service.facts.model_prices import BASELINE
from service.rpc.call import Answer
from service.rpc.convert import money_to_proto
from service.rpc.faults import Faults, nearest_of, unknown_text
from service.rpc.pages import cursor_of, page_of
from service.rpc.requests import read_max_age, read_page_size
from service.rpc.token_prices import loaded_token_prices
from service.store.newest_model_prices import NewestModelPrices

_NO_REVISION = ""
_BETWEEN = "\x1f"  # below every character of a name, so that ids sort as their parts do


class ModelPricesServicer:
    """Converts, reads the prices, converts back."""

    def __init__(
        self,
        prices: NewestModelPrices,
        *,
        signer: PageTokenSigner,
        now: Callable[[], datetime],
    ) -> None:
        self._prices = prices
        self._signer = signer
        self._now = now
        # The prices as they were read, and the same by id; replaced together.
        self._sorted: tuple[tuple[ModelPrice, ...], Mapping[str, ModelPrice]] = ((), {})

    def list_model_prices(self, request: pb.ListModelPricesRequest) -> Answer:
        """Answer ListModelPrices, by provider, model, tier and time."""
        prices = self._all()
        faults = Faults()
        page_size = read_page_size(request.page_size, faults)
        max_age = read_max_age(request, faults)
        known = {price.provider for price in prices.values()}
        providers = _read_providers(request.provider, known, faults)
        after = cursor_of(request, request.page_token, self._signer, faults)
        faults.raise_if_any()
        now = self._now()
        chosen = {
            price_id: price
            for price_id, price in prices.items()
            if (not providers or price.provider in providers)
            and _is_named(price.model, request.model)
            and (request.include_retired or (not price.retired and price.holds_at(now)))
        }
        if max_age is not None:
            chosen = _young(chosen, max_age=max_age, now=now)
        page = page_of(
            tuple(chosen),
            request=request,
            after=after,
            page_size=page_size,
            signer=self._signer,
            revision=_NO_REVISION,
        )
        shown = [chosen[price_id] for price_id in page.ids]
        return Answer(
            pb.ListModelPricesResponse(
                model_prices=[model_price_to_proto(price) for price in shown],
                next_page_token=page.next_page_token,
                caveats=_caveats(shown),
            )
        )

    def _all(self) -> Mapping[str, ModelPrice]:
        """Return every price by its id, in the order of ids."""
        prices = loaded_token_prices(self._prices)
        read, by_id = self._sorted
        if read is not prices:
            by_id = dict(sorted(((_id_of(p), p) for p in prices), key=itemgetter(0)))
            self._sorted = prices, by_id
        return by_id


def model_price_to_proto(price: ModelPrice) -> pb.ModelPrice:
    """Write one entry; what is not stated stays unset."""
    message = pb.ModelPrice(
        provider=price.provider,
        model=price.model,
        context_max=price.context_max,
        effective_from=price.effective_from,
        effective_until=price.effective_until,
        source_uri=price.source_uri,
        observe_time=price.observe_time,
        retired=price.retired,
        source=price.source,
    )
    for name, amount in zip(PRICE_FIELDS, price.amounts, strict=True):
        if amount is not None:
            getattr(message, name).CopyFrom(money_to_proto(Money(amount=amount)))
    return message


def _id_of(price: ModelPrice) -> str:
    """Return what sorts and tells apart all entries: tiers by length, the open one last."""
    tier = f"{price.context_max or 10**9:010d}"
    began = f"{price.effective_from:%Y-%m-%d}" if price.effective_from else ""
    exact = repr((price.source, price.source_uri, price.effective_from, price.amounts))
    digest = hashlib.blake2b(exact.encode(), digest_size=6).hexdigest()
    return _BETWEEN.join((price.provider, price.model, tier, began, digest))


def _is_named(model: str, wanted: Iterable[str]) -> bool:
    names = tuple(wanted)
    return not names or any(
        model.startswith(name[:-1]) if name.endswith("*") else model == name for name in names
    )


def _read_providers(given: Iterable[str], known: set[str], faults: Faults) -> frozenset[str]:
    wanted = frozenset(given)
    for name in sorted(wanted - known):
        text = unknown_text(name, "provider of models", nearest_of(name, known))
        faults.add("provider", text, Reason.UNKNOWN_PROVIDER)
    return wanted


def _young(
    prices: dict[str, ModelPrice], *, max_age: timedelta, now: datetime
) -> dict[str, ModelPrice]:
    """Keep what was seen within `max_age`, of live sources. Raises Precondition for none left."""
    young = {
        price_id: price
        for price_id, price in prices.items()
        if price.source != BASELINE
        and price.observe_time is not None
        and now - price.observe_time <= max_age
    }
    if prices and not young:
        limit = f"{max_age.total_seconds():.0f}s"
        raise Precondition(
            Reason.PRICES_TOO_OLD,
            f"{len(prices)} token prices match, none younger than {limit}",
            metadata={"max_age": limit, "matching_price_count": str(len(prices))},
        )
    return young


def _caveats(shown: Iterable[ModelPrice]) -> list[caveat_pb2.Caveat]:
    dates = [price.observe_time for price in shown if price.source == BASELINE]
    if not dates:
        return []
    oldest = min((moment for moment in dates if moment), default=None)
    since = f"the oldest of {oldest:%Y-%m-%d}" if oldest else "without dates"
    text = f"{len(dates)} prices are from the bundled table, {since}; no source lists them now."
    return [caveat_pb2.Caveat(code="BASELINE_PRICES", message=text)]
