"""Reading pages: what is missing raises PageChanged with what was found instead."""

import time
from decimal import Decimal

import pytest

from scrapers.errors import PageChanged
from scrapers.page import Cells, Json, Page
from tests.builders import NOW

ROW = '<table><tr data-plan="H100"><td data-label="PRICE/GPU/HR*"> $3.99\n</td></tr></table>'


def a_page(text: str, *, content_type: str = "application/json") -> Page:
    return Page(
        kind="prices",
        part="prices",
        url="https://nimbus.example/gpu-pricing",
        text=text,
        content_type=content_type,
        observe_time=NOW,
    )


def an_html_page(text: str) -> Page:
    return a_page(text, content_type="text/html; charset=utf-8")


def test_a_number_stays_as_it_was_printed() -> None:
    page = a_page('{"price": 0.10, "total": 55.0400000000, "count": 8}').json

    assert page["price"].text == "0.10"
    assert page["total"].number == Decimal("55.04")
    assert page["count"].text == "8"


@pytest.mark.parametrize("text", ['"-1"', '"1e3"', '"1_000"', '"free"', '""', '"٣"', "true"])
def test_a_number_that_is_not_plain_is_refused(text: str) -> None:
    with pytest.raises(PageChanged, match="not a plain number"):
        _ = a_page(f'{{"price": {text}}}').json["price"].number


@pytest.mark.parametrize(
    "text", ["", "<html></html>", '{"a": 1', '{"a": 1, "a": 2}', "NaN", '{"a": Infinity}']
)
def test_what_is_not_strict_json_is_a_page_that_changed(text: str) -> None:
    with pytest.raises(PageChanged, match="not JSON"):
        _ = a_page(text).json


def test_a_document_nested_too_deep_is_refused_before_it_is_read() -> None:
    with pytest.raises(PageChanged, match="deeper"):
        _ = a_page("[" * 65 + "]" * 65).json
    assert a_page('["' + "[" * 99 + '"]').json.value == ["[" * 99]


def test_a_missing_key_names_the_keys_that_are_there() -> None:
    with pytest.raises(PageChanged, match="no 'price'; found cost, id"):
        a_page('{"id": 1, "cost": 2}').json["price"]
    with pytest.raises(PageChanged, match="no 'price'; found nothing"):
        a_page("{}").json["price"]


@pytest.mark.parametrize(
    ("value", "kind"),
    [("null", "null"), ("[1]", "an array"), ("true", "a boolean"), ('"text"', "text")],
)
def test_a_value_of_another_kind_says_which(value: str, kind: str) -> None:
    with pytest.raises(PageChanged, match=f"got {kind}"):
        a_page(f'{{"row": {value}}}').json["row"]["price"]


def test_only_what_is_an_array_or_an_object_is_walked() -> None:
    page = a_page('{"rows": [1, 2], "by_name": {"a": 1}}').json

    assert [row.text for row in page["rows"].each()] == ["1", "2"]
    assert [(name, row.text) for name, row in page["by_name"].members()] == [("a", "1")]
    with pytest.raises(PageChanged, match="an array, got an object"):
        list(page.each())
    with pytest.raises(PageChanged, match="an object, got an array"):
        list(page["rows"].members())


def test_absent_and_null_are_both_nothing_where_nothing_is_normal() -> None:
    page = a_page('{"gone": null, "flag": false, "name": " x "}').json

    assert page.find("gone") is None
    assert page.find("never") is None
    assert page["name"].find("member") is None
    assert (page.text_of("gone"), page.text_of("flag"), page.text_of("name")) == ("", "false", "x")
    with pytest.raises(PageChanged, match="got null"):
        _ = page["gone"].text


def test_a_price_may_be_null_but_not_absent() -> None:
    page = a_page('{"gone": null, "price": 3.990, "others": []}').json

    assert (page.printed("gone"), page.printed("price")) == ("", "3.990")
    for key in ("never", "others"):
        with pytest.raises(PageChanged, match=key):
            page.printed(key)


def test_an_element_gives_its_text_with_single_spaces() -> None:
    page = an_html_page(ROW).html

    assert page.one("td").text == "$3.99"
    assert page.one("tr").attr("data-plan") == "H100"
    assert page.one("tr").labelled("td", label="data-label")["PRICE/GPU/HR*"] == "$3.99"


def test_an_attribute_of_several_words_is_one_text() -> None:
    assert an_html_page('<p class="a b">x</p>').html.one("p").attr("class") == "a b"


def test_a_selector_or_attribute_without_a_match_is_a_page_that_changed() -> None:
    page = an_html_page(ROW).html

    assert page.find_all("li") == ()
    with pytest.raises(PageChanged, match="nothing matches 'li'"):
        page.all("li")
    with pytest.raises(PageChanged, match="no attribute 'id'"):
        page.one("td").attr("id")


@pytest.mark.parametrize("text", ["", ROW[:-20], "<td>$3.9", "<td>$3.99</t"])
def test_html_that_ends_within_a_text_or_a_tag_is_not_whole(text: str) -> None:
    with pytest.raises(PageChanged, match="not whole HTML"):
        _ = an_html_page(text).html


def test_scripts_are_read_as_json_and_must_be_there() -> None:
    script = '<script type="application/ld+json">{"a": 1.50}</script>'

    (document,) = an_html_page(script).scripts("application/ld+json")
    assert document["a"].text == "1.50"
    with pytest.raises(PageChanged):
        an_html_page(ROW).scripts("application/ld+json")


def test_a_column_is_found_by_its_name_or_by_how_its_name_starts() -> None:
    cells = Cells({"VRAM/GPU": "80 GB", "PRICE/GPU/HR*": "$3.99"}, "row")

    assert cells["VRAM/GPU"] == "80 GB"
    assert cells.find("Status") == ""
    assert cells.starting("PRICE/") == ("PRICE/GPU/HR*", "$3.99")
    with pytest.raises(PageChanged, match=r"no column 'Price'; found VRAM/GPU, PRICE/GPU/HR\*"):
        cells["Price"]
    with pytest.raises(PageChanged, match="no column 'COST'"):
        cells.starting("COST")


def test_only_an_html_page_is_html() -> None:
    assert an_html_page(ROW).is_html
    assert not a_page("{}").is_html
    assert isinstance(a_page("{}").json, Json)


def a_csv(text: str) -> Page:
    return a_page(text, content_type="text/csv")


def test_csv_is_read_by_its_header() -> None:
    page = a_csv('"SKU","Instance Type",Price\r\na1,"p5, large"," 55.04"\r\n')
    (row,) = page.csv()
    assert (row["SKU"], row["Instance Type"], row["Price"]) == ("a1", "p5, large", "55.04")
    with pytest.raises(PageChanged, match="no column 'Unit'; found SKU, Instance Type, Price"):
        _ = row["Unit"]


def test_csv_may_begin_with_lines_that_are_no_header() -> None:
    page = a_csv('"FormatVersion","v1.0"\n"Disclaimer","for ""you"""\nSKU,Price\na,1\nb,2\n')
    assert [row["Price"] for row in page.csv(header_lines=3)] == ["1", "2"]


@pytest.mark.parametrize(
    "text",
    [
        "SKU,Price\na,1\nb,2",
        "SKU,Price\na\n",
        "SKU,Price\na,1,2\n",
        "SKU,Price\n\na,1\n",
        "SKU,SKU\na,1\n",
        'SKU,Price\n"a"b,1\n',
        'SKU,Price\n"a,1\n',
        "",
        "\n",
    ],
)
def test_what_is_not_whole_csv_is_a_changed_page(text: str) -> None:
    with pytest.raises(PageChanged):
        list(a_csv(text).csv())


def test_what_scripts_push_is_put_together_as_it_was_written() -> None:
    page = an_html_page(
        "<p>old</p><script>self.__next_f=[]</script>"
        r'<script>self.__next_f.push([1,"1:[\"H100\",\"$$2.4"])</script>'
        r'<script>self.__next_f.push([1,"9\"] "])</script><p>new</p>'
    )
    assert page.flight == '1:["H100","$$2.49"] '
    with pytest.raises(PageChanged, match="no script pushes"):
        _ = an_html_page("<script>self.__next_f=[]</script>").flight


@pytest.mark.parametrize(("start", "times"), [("<div>", 50_000), ("<table><tr><td>", 12_500)])
def test_nested_html_is_refused_before_it_is_searched(start: str, times: int) -> None:
    started = time.process_time()
    deep = a_page(f"<html><body>{start * times}<p class='price'>$1.00</p></body></html>")
    with pytest.raises(PageChanged, match="nested deeper"):
        deep.html.find_all("div div p.price")

    assert time.process_time() - started < 10
    assert a_page("<div>" * 200 + "<p>$1.00</p>").html.one("p").text == "$1.00"


def test_half_a_character_is_no_text() -> None:
    assert a_page(r'{"gpu": "\ud83d\ude00"}').json["gpu"].text == "\U0001f600"
    for text in (r'{"gpu": "\ud83d"}', r'{"\uDE00": 1}', r'["a", {"b": ["\uDE00\uD83D"]}]'):
        with pytest.raises(PageChanged, match="not JSON"):
            _ = a_page(text).json
