"""Facts of Oracle that its hand-written page shows."""

from decimal import Decimal

from tests.providers.recorded import pages_of


def test_a_price_is_per_gpu_and_the_shape_table_knows_the_smallest_purchase() -> None:
    offer = pages_of("oracle").one("B98415")

    assert offer.gpu_model == "h100-sxm-80gb"
    assert (offer.gpu_count, offer.min_gpu_count) == (Decimal(1), 8)
    assert offer.price_per_gpu_hour == Decimal(10)
    assert offer.instance_type == "BM.GPU.H100.8"


def test_spelling_of_names_does_not_matter() -> None:
    offers = pages_of("oracle")

    assert offers.one("B95907").gpu_model == "a100-sxm-80gb"
    assert offers.one("B95909").gpu_model == "a10-24gb"
    assert offers.one("B111758").gpu_model == "mi355x-288gb"


def test_what_no_shape_table_knows_has_no_smallest_purchase() -> None:
    offer = pages_of("oracle").one("B112613")

    assert offer.gpu_model == "rtx-pro-6000-96gb"
    assert offer.min_gpu_count is None


def test_lookalikes_are_refused() -> None:
    offers = pages_of("oracle")

    assert "Cloud@Customer" in offers.texts("NOT_PUBLIC_CLOUD")
    assert "Roving Edge" in offers.texts("NOT_PUBLIC_CLOUD")
    assert "VMware" in offers.texts("OTHER_PRODUCT")
    assert Decimal("0.6") not in {offer.price_per_hour for offer in offers.reading.offers}


def test_a_part_that_names_no_chip_is_not_guessed() -> None:
    assert pages_of("oracle").reasons()["CHIP_NOT_NAMED"] == 3


def test_a_chip_that_only_resembles_a_known_one_is_unknown() -> None:
    assert "H100T" in pages_of("oracle").texts("UNKNOWN_GPU")


def test_a_currency_that_was_not_asked_for_is_refused() -> None:
    assert "B112237" in pages_of("oracle").texts("CURRENCY_CONFLICT")


def test_of_several_currencies_the_dollars_are_read() -> None:
    offer = pages_of("oracle").one("B109485")

    assert (offer.listed.amount.currency_code, offer.price_per_gpu_hour) == ("USD", Decimal(6))


def test_a_gpu_without_a_price_is_counted() -> None:
    texts = pages_of("oracle").texts("NO_PRICE")

    assert "B112140" in texts
    assert "B112999" in texts
