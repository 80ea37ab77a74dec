"""Facts of Massed Compute that its golden file does not show."""

from decimal import Decimal

import pytest

from scrapers.errors import PageChanged
from scrapers.provider import RawOffer, Reject
from tests.providers.recorded import first_page, pages_of, parsed

PAGE = "prices.prices.html"
ROW = (
    r"\"L4 (24GB)%s-x 1-0\",{\"children\":[[\"$\",\"span\",null,{\"children\":[\"\u00d7\",\"1\"]}],"
    r"[\"$\",\"span\",null,{\"children\":[\"%s\",[\"$\",\"small\",null,{\"children\":\"/hr\"}]]}]]}"
)


def pushed(*rows: str) -> list[RawOffer | Reject]:
    scripts = "".join(f'<script>self.__next_f.push([1,"{row}"])</script>' for row in rows)
    return parsed("massedcompute", f"<html><body>{scripts}</body></html>", kind="prices")


def test_a_price_is_for_the_whole_configuration() -> None:
    offer = pages_of("massedcompute").one("8x B300 SXM6")

    assert (offer.gpu_count, offer.price_per_gpu_hour) == (Decimal(8), Decimal("6.45"))


def test_both_copies_of_a_row_make_one_offer() -> None:
    (row,) = pushed(ROW % ("", "$$0.61") + r"\n" + ROW % ("-mobile", "$$0.61"))

    assert isinstance(row, RawOffer)
    assert (row.sku, row.price, row.unit, row.gpu_count) == ("1x L4 (24GB)", "$0.61", "/hr", "1")


def test_a_row_is_put_together_from_pushes_that_end_anywhere() -> None:
    row = ROW % ("", "$$0.61")
    cut = row.index("span") + 2

    assert pushed(row[:cut], row[cut:]) == pushed(row)


def test_copies_that_contradict_each_other_are_refused() -> None:
    (row,) = pushed(ROW % ("", "$$0.61") + r"\n" + ROW % ("-mobile", "$$0.71"))

    assert row == Reject(reason="PRICE_CONFLICT", text="1x L4 (24GB): $0.61 /hr, $0.71 /hr")


@pytest.mark.parametrize("price", ["$L2f", "$undefined", "$0.61"])
def test_a_deferred_text_is_no_price(price: str) -> None:
    assert pushed(ROW % ("", price)) == [Reject(reason="CONTACT_SALES", text="1x L4 (24GB): ")]


def test_a_deferred_price_on_the_next_line_is_not_that_of_the_row_before() -> None:
    request = r"\"L40 (48GB)-x 8-0\",{\"children\":\"Request\"}\n7d:"
    stray = ROW[ROW.index("[") :] % "$$0.61"

    rows = pushed(request + stray + r"\n" + ROW % ("", "$$0.62"))

    assert [(type(row), getattr(row, "price", "")) for row in rows] == [
        (Reject, ""),
        (RawOffer, "$0.62"),
    ]


def test_a_page_that_pushes_nothing_is_a_page_that_changed() -> None:
    with pytest.raises(PageChanged, match="no script pushes data"):
        parsed("massedcompute", "<html><script>self.__next_f=[]</script></html>", kind="prices")


def test_pushed_data_without_rows_is_a_page_that_changed() -> None:
    with pytest.raises(PageChanged, match="no key of a row"):
        pushed(r"1:\"$Sreact.fragment\"")


def test_a_price_in_another_currency_is_not_read_as_dollars() -> None:
    text = first_page("massedcompute", PAGE).replace("$$", "\u20ac")

    rows = parsed("massedcompute", text, kind="prices")

    assert {r.price[0] for r in rows if isinstance(r, RawOffer)} == {"\u20ac"}
