import json

import pytest

from scrapers.page import Page
from scrapers.structure import digest_of, marks_of
from tests.builders import NOW

TABLE = (
    "<table><tr><th>GPU</th><th>Price <sup>*</sup></th></tr>"
    "<tr><td data-label='x'>H100</td><td>$2.49</td><td>/ hour</td></tr></table>"
    "<p>We moved all of our minutes of meetings to a yearly page, as many of you asked us to.</p>"
)
ANSWER = {"items": [{"gpu": "H100", "unit": "1 Hour", "prices": {"us-east-1": "2.49"}}]}


def a_page(text: str, *, content_type: str = "text/html", kind: str = "prices") -> Page:
    return Page(
        kind=kind,
        part="prices",
        url="https://nimbus.example/",
        text=text,
        content_type=content_type,
        observe_time=NOW,
    )


def html(text: str) -> str:
    return digest_of(marks_of(a_page(text)))


def answer(value: object) -> str:
    return digest_of(marks_of(a_page(json.dumps(value), content_type="application/json")))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("2.49", "3.99"),
        ("H100", "B200"),
        ("We moved", "Nobody moved"),
        ("</table>", "<tr></tr></table>"),
    ],
)
def test_prices_rows_and_prose_are_no_structure(old: str, new: str) -> None:
    assert old in TABLE
    assert html(TABLE.replace(old, new)) == html(TABLE)


@pytest.mark.parametrize(
    ("old", "new"),
    [("hour", "month"), ("$", "€"), (">GPU<", ">Node<"), ("<th>GPU</th>", "")],
)
def test_units_currencies_and_columns_are_structure(old: str, new: str) -> None:
    assert old in TABLE
    assert html(TABLE.replace(old, new)) != html(TABLE)


def test_an_id_that_stands_where_a_key_does_is_no_structure() -> None:
    moved = {"items": [{"gpu": "H100", "unit": "1 Hour", "prices": {"eu-west-9": "2.49"}}] * 3}

    assert answer(moved) == answer(ANSWER)


@pytest.mark.parametrize(("old", "new"), [("unit", "period"), ("1 Hour", "1 Month")])
def test_keys_and_units_of_json_are_structure(old: str, new: str) -> None:
    assert answer(json.loads(json.dumps(ANSWER).replace(old, new))) != answer(ANSWER)


def test_the_kinds_of_pages_are_told_apart() -> None:
    one, other = a_page(TABLE, kind="prices"), a_page(TABLE, kind="stock")

    assert not marks_of(one) & marks_of(other)


def test_no_page_has_no_digest() -> None:
    assert digest_of([]) == ""
