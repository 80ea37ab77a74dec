from collections import defaultdict
from decimal import Decimal
from statistics import median

from hypothesis import given, settings
from hypothesis import strategies as st

from service.compare.hourly import hourly_prices, nanos_per_gpu_hour
from service.domain.money import rounded
from tests.builders import NOW
from tests.fakes import a_catalog
from tests.service.market.joining import PRICES, an_a100_node, an_h100_node, selected

OFFERS = st.lists(st.tuples(st.sampled_from("abcd"), st.booleans(), PRICES), max_size=12)


@settings(max_examples=40, deadline=None)
@given(OFFERS)
def test_each_provider_counts_once_with_its_lowest_price(
    given_offers: list[tuple[str, bool, str]],
) -> None:
    offers = [
        (an_h100_node if is_h100 else an_a100_node)(f"o{at:02d}", price, provider=provider)
        for at, (provider, is_h100, price) in enumerate(given_offers)
    ]
    pick = selected(a_catalog(*offers)).pick
    found = hourly_prices(pick, nanos_per_gpu_hour(pick, (), today=NOW.date()))
    by_model: defaultdict[str, dict[str, Decimal]] = defaultdict(dict)
    for offer in offers:
        lowest = by_model[offer.gpu_model]
        price = Decimal(offer.price_per_gpu_hour)
        lowest[offer.provider] = min(price, lowest.get(offer.provider, price))
    assert set(found) == set(by_model)
    for gpu_model, lowest in by_model.items():
        prices = found[gpu_model]
        assert prices.lowest == min(lowest.values())
        assert prices.median == rounded(median(lowest.values()), digits=6)
        assert prices.provider_count == len(lowest)
