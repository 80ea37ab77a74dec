"""Facts of Scaleway that its hand-written pages show."""

from decimal import Decimal

import pytest

from scrapers.page import Page
from scrapers.registry import load_providers
from service.domain.offer import AvailabilityState, TaxTreatment
from tests.builders import NOW
from tests.providers.recorded import Offers, pages_of, read_altered

LIST = "https://api.scaleway.com/instance/v1/zones/fr-par-1/products/servers?per_page=100&page=1"


def test_the_hourly_price_is_listed_in_euros_with_dollars_beside_it() -> None:
    offer = pages_of("scaleway").one("L4-1-24G")

    assert (offer.listed.amount.amount, offer.listed.amount.currency_code) == (
        Decimal("0.7875"),
        "EUR",
    )
    assert offer.price_per_hour == Decimal("0.7875") * Decimal("1.10")
    assert offer.exchange_rate is not None
    assert offer.tax is TaxTreatment.EXCLUDED


def test_shortage_is_sold_out() -> None:
    offers = pages_of("scaleway")

    short = offers.one("L4-1-24G").availability
    assert (short.state, short.raw_value) == (AvailabilityState.SOLD_OUT, "shortage")
    assert offers.one("L4-2-24G").availability.state is AvailabilityState.LIMITED
    assert offers.one("RENDER-S").availability.state is AvailabilityState.AVAILABLE


def test_render_s_is_one_p100() -> None:
    offer = pages_of("scaleway").one("RENDER-S")

    assert (offer.gpu_model, offer.gpu_count) == ("p100-pcie-16gb", Decimal(1))
    assert offer.listed.amount.amount == Decimal("1.221")


def test_sxm_and_pcie_are_told_apart_by_the_name_of_the_type() -> None:
    offers = pages_of("scaleway")

    assert offers.one("H100-1-80G").gpu_model == "h100-pcie-80gb"
    eight = offers.one("H100-SXM-8-80G")
    assert (eight.gpu_model, eight.gpu_count) == ("h100-sxm-80gb", Decimal(8))


def test_a_price_that_the_catalogue_contradicts_is_refused() -> None:
    offers = pages_of("scaleway")

    assert "L4-1-24G in fr-par-2" in offers.texts("PRICE_CONFLICT")
    assert {o.region_code for o in offers.reading.offers if o.sku == "L4-1-24G"} == {"fr-par-1"}


def test_a_unit_of_the_catalogue_that_is_not_known_is_refused() -> None:
    assert "per day" in pages_of("scaleway").texts("UNKNOWN_UNIT")


def test_what_the_catalogue_does_not_price_is_refused() -> None:
    assert "L4-8-24G" in pages_of("scaleway").texts("NOT_IN_CATALOG")


def test_retired_types_and_slices_are_refused() -> None:
    reasons = pages_of("scaleway").reasons()

    assert (reasons["END_OF_SERVICE"], reasons["MIG_SLICE"]) == (1, 1)


def test_a_zone_without_gpus_is_no_failure() -> None:
    offers = pages_of("scaleway")

    assert offers.reading.errors == ()
    assert "nl-ams-2" not in {offer.region_code for offer in offers.reading.offers}


def test_the_second_page_of_the_catalogue_is_read() -> None:
    assert "L4-2-24G" in pages_of("scaleway").skus()


def _servers(count: int, url: str = LIST) -> Page:
    names = ", ".join(f'"T-{number}": {{}}' for number in range(count))
    return Page(
        kind="servers",
        part="fr-par-1",
        url=url,
        text=f'{{"servers": {{{names}}}}}',
        content_type="application/json",
        observe_time=NOW,
    )


def test_a_full_page_of_servers_has_a_next_one() -> None:
    follow = load_providers()["scaleway"].followers["servers"]

    assert list(follow(_servers(99))) == []
    assert list(follow(_servers(100))) == [LIST.replace("&page=1", "&page=2")]
    second = list(follow(_servers(100, LIST.replace("&page=1", "&page=2"))))
    assert second == [LIST.replace("&page=1", "&page=3")]


def test_paging_ends_where_full_pages_never_end() -> None:
    follow = load_providers()["scaleway"].followers["servers"]

    assert list(follow(_servers(100, LIST.replace("&page=1", "&page=10")))) == []


def test_a_count_that_the_catalogue_contradicts_is_refused() -> None:
    assert "catalogue 4 GPUs" in pages_of("scaleway").texts("COUNT_CONFLICT")


def test_a_catalogue_in_another_currency_is_refused() -> None:
    offers = Offers(read_altered("scaleway", lambda page: page.text.replace('"EUR"', '"USD"')))

    assert offers.reading.offers == ()
    assert offers.reasons()["CURRENCY_CONFLICT"] == 6


def _catalogue(count: int, total: int, page: int) -> Page:
    products = ", ".join(["{}"] * count)
    return Page(
        kind="catalog",
        part="fr-par-1",
        url=f"https://api.scaleway.com/products?page={page}",
        text=f'{{"products": [{products}], "total_count": {total}}}',
        content_type="application/json",
        observe_time=NOW,
    )


@pytest.mark.parametrize(
    ("count", "total", "page", "more"),
    [
        (96, 96, 1, False),
        (50, 96, 1, True),
        (46, 96, 2, False),
        (3, 5, 1, True),
        (2, 5, 2, False),
        (100, 250, 2, True),
        (0, 250, 1, False),
    ],
)
def test_the_catalogue_is_followed_whatever_size_its_pages_have(
    count: int, total: int, page: int, *, more: bool
) -> None:
    follow = load_providers()["scaleway"].followers["catalog"]

    assert bool(list(follow(_catalogue(count, total, page)))) is more
