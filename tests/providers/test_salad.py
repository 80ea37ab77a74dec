"""Facts of Salad's GPU classes that their golden file does not show."""

from decimal import Decimal

import pytest

from scrapers.errors import PageChanged
from scrapers.registry import load_providers
from service.domain.offer import AvailabilityState, PurchaseModel, Trust
from tests.providers.recorded import first_page, pages_of, parsed, read_altered

TEXT = first_page("salad", "classes.json")


def test_priorities_are_offers_of_their_own_and_all_are_spot() -> None:
    offers = pages_of("salad").reading.offers

    assert {o.purchase_model for o in offers} == {PurchaseModel.SPOT}
    assert len({o.sku for o in offers if o.gpu_model == "rtx-5090-32gb"}) == 4


def test_high_demand_is_scarcity_and_its_absence_says_nothing() -> None:
    offers = pages_of("salad")

    scarce = offers.one("RTX 5090 (32 GB) community high", purchase_model=PurchaseModel.SPOT)
    other = offers.one("RTX 4090 (24 GB) community high", purchase_model=PurchaseModel.SPOT)
    assert scarce.availability.state is AvailabilityState.LIMITED
    assert other.availability.state is AvailabilityState.NOT_STATED


def test_a_class_in_a_data_centre_is_trusted_more() -> None:
    offer = pages_of("salad").one("H100 SXM (80 GB) secure high", purchase_model=PurchaseModel.SPOT)

    assert (offer.trust, offer.gpu_count) == (Trust.VERIFIED_HOST, Decimal(8))


def test_a_class_in_a_data_centre_that_does_not_count_its_gpus_is_refused() -> None:
    offers = read_altered("salad", lambda page: page.text.replace('"gpu_count": 8', '"a": 8'))

    assert not [o for o in offers.offers if o.trust is Trust.VERIFIED_HOST]
    assert {o.gpu_count for o in offers.offers} == {Decimal(1)}


@pytest.mark.parametrize("key", ["items", "prices", "priority", "price", "name"])
def test_another_shape_is_a_page_that_changed(key: str) -> None:
    with pytest.raises(PageChanged):
        parsed("salad", TEXT.replace(f'"{key}"', f'"{key}2"'), kind="classes")


def test_nothing_can_be_asked_without_the_key_and_the_organization() -> None:
    provider = load_providers()["salad"]

    assert provider.key_variables == {"SALAD_API_KEY", "SALAD_ORGANIZATION"}
    assert provider.all_parts(keys=("SALAD_API_KEY",)) == ()
