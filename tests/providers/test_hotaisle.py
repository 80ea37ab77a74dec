"""Facts of Hot Aisle that its golden file does not show."""

import pytest

from scrapers.errors import PageChanged
from scrapers.keys import Keys, Secret
from scrapers.provider import RawOffer, Reject
from scrapers.registry import load_providers
from service.domain.offer import AvailabilityState, DeliveryModel, PurchaseModel
from tests.providers.recorded import Offers, first_page, pages_of, parsed, read_altered

PAGE = "prices.prices.html"
KEYS = {"HOTAISLE_API_KEY": Secret("k"), "HOTAISLE_TEAM_HANDLE": Secret("a/b team")}


def with_stock(answer: str) -> Offers:
    """Read page and API with another answer of the API."""
    return Offers(
        read_altered("hotaisle", lambda page: answer if page.kind == "available" else page.text)
    )


def reasons(text: str) -> list[str]:
    rows = parsed("hotaisle", text, kind="prices")
    return [row.reason for row in rows if isinstance(row, Reject)]


def test_bare_metal_has_a_least_term_and_virtual_machines_have_none() -> None:
    offers = pages_of("hotaisle")
    metal = offers.one("Bare metal Large 8x MI300x", purchase_model=PurchaseModel.RESERVED_OTHER)

    assert (metal.delivery_model, metal.max_term) == (DeliveryModel.BARE_METAL, None)
    assert metal.min_term == metal.commitment_term
    assert offers.one("VM Small 1x MI300x").commitment_term is None


def test_bare_metal_without_its_least_term_is_refused() -> None:
    text = first_page("hotaisle", PAGE).replace("bare metal, one-month minimum", "bare metal")

    assert "UNKNOWN_TERMS" in reasons(text)


def test_terms_behind_the_price_of_a_virtual_machine_are_refused() -> None:
    text = first_page("hotaisle", PAGE).replace("$2.89/GPU/hr</p></div>", "$2.89/GPU/hr*</p></div>")

    assert "UNKNOWN_TERMS" in reasons(text)


def test_a_card_that_differs_from_the_summary_is_refused() -> None:
    text = first_page("hotaisle", PAGE).replace('text-3xl">$2.89', 'text-3xl">$2.79')
    rows = parsed("hotaisle", text, kind="prices")

    assert {r.price for r in rows if isinstance(r, RawOffer)} == {"$3.29/GPU/hr"}
    assert reasons(text).count("PRICE_CONFLICT") == 3


def test_the_price_of_customers_of_old_is_no_offer_wherever_it_stands() -> None:
    page = first_page("hotaisle", PAGE)
    sentence = page[page.index('<p class="mt-5">') : page.index("<div><p>VM</p>")]
    text = page.replace(sentence, "").replace("</body>", f"{sentence}</body>")

    rows = parsed("hotaisle", text, kind="prices")

    assert not [r for r in rows if isinstance(r, RawOffer) and "1.95" in r.price]
    assert "GRANDFATHERED" in reasons(text)


@pytest.mark.parametrize("part", ["<span>1x</span>", "<h2>Small</h2>"])
def test_a_card_that_lacks_a_part_is_refused_alone(part: str) -> None:
    page = first_page("hotaisle", PAGE)
    rows = parsed("hotaisle", page.replace(part, ""), kind="prices")

    odd = [row.text for row in rows if isinstance(row, Reject) and row.reason == "ODD_ROW"]
    assert odd
    assert all("lacks its plan, size or GPU" in text for text in odd)
    assert not [row for row in rows if isinstance(row, RawOffer) and "VM Small" in row.sku]


def test_cards_that_all_lack_their_gpu_are_a_page_that_changed() -> None:
    with pytest.raises(PageChanged, match="lacks"):
        parsed(
            "hotaisle",
            first_page("hotaisle", PAGE).replace("<span>MI300x</span>", ""),
            kind="prices",
        )


def test_the_stock_is_asked_for_with_both_keys_only() -> None:
    provider = load_providers()["hotaisle"]

    assert [set(p.requests) for p in provider.all_parts(keys={"HOTAISLE_API_KEY"})] == [{"prices"}]
    (part,) = provider.all_parts(keys=KEYS)
    assert set(part.requests) == {"prices", "available"}


def test_the_team_is_one_part_of_the_path() -> None:
    (part,) = load_providers()["hotaisle"].all_parts()

    request = Keys(KEYS).filled(part.requests["available"], token=None)

    assert request.url == (
        "https://admin.hotaisle.app/api/teams/a%2Fb%20team/virtual_machines/available/"
    )
    assert request.headers == {"Authorization": "Token k"}


def test_entries_of_one_size_are_not_added() -> None:
    offer = pages_of("hotaisle").one("VM Small 1x MI300x")

    assert (offer.available_gpu_count, offer.availability.state) == (3, AvailabilityState.AVAILABLE)


@pytest.mark.parametrize("answer", ["null", "[]"])
def test_nothing_listed_is_nothing_free(answer: str) -> None:
    offers = with_stock(answer)

    states = {o.delivery_model: o.availability.state for o in offers.reading.offers}
    assert states == {
        DeliveryModel.VIRTUAL_MACHINE: AvailabilityState.SOLD_OUT,
        DeliveryModel.BARE_METAL: AvailabilityState.NOT_STATED,
    }


@pytest.mark.parametrize("answer", ['{"error": "no"}', '[{"Quantity": 1}]', "[1]"])
def test_another_answer_is_an_api_that_changed(answer: str) -> None:
    (error,) = with_stock(answer).reading.errors

    assert isinstance(error, PageChanged)


def test_sizes_that_the_page_does_not_know_are_an_api_that_changed() -> None:
    answer = first_page("hotaisle", "available.json").replace('"MI300X"', '"Instinct MI300X"')

    (error,) = with_stock(answer).reading.errors

    assert isinstance(error, PageChanged)
    assert "instinct mi300x" in str(error)


def test_a_page_without_cards_is_a_page_that_changed() -> None:
    text = first_page("hotaisle", PAGE).replace("<p>VM</p>", "").replace("<p>Bare metal</p>", "")

    with pytest.raises(PageChanged, match="no card"):
        parsed("hotaisle", text, kind="prices")
