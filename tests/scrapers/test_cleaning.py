"""What a recorded page keeps and loses."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapers.cleaning import clean_text, laid_out_json
from scrapers.errors import PageChanged
from scrapers.page import Json, Page

# Numbers whose value a float would change, or whose digits it would drop.
PRINTED = (
    "2.490",
    "1e2",
    "-0.0",
    "12345678901234567890.12345678901234567890",
    "0.1",
    "1E-7",
    "100",
)

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def a_page(text: str, content_type: str = "text/html") -> Page:
    return Page(
        kind="prices",
        part="prices",
        url="https://nimbus.example/prices",
        text=text,
        content_type=content_type,
        observe_time=datetime(2026, 10, 8, tzinfo=UTC),
    )


def cleaned(text: str) -> str:
    return clean_text(a_page(text))


@pytest.mark.parametrize("number", PRINTED)
def test_a_number_of_json_stays_as_printed(number: str) -> None:
    text = f'{{"price":{number},"rows":[{number},{number}]}}'
    assert laid_out_json(text) == (
        f'{{\n "price": {number},\n "rows": [\n  {number},\n  {number}\n ]\n}}\n'
    )


@pytest.mark.no_cover  # Many cases of what other tests cover.
@given(JSON_VALUES)
def test_json_that_is_laid_out_says_the_same(value: object) -> None:
    text = json.dumps(value)
    assert json.loads(laid_out_json(text)) == value
    assert laid_out_json(laid_out_json(text)) == laid_out_json(text)


def test_strings_of_json_stay_as_printed() -> None:
    text = r'{"a":"\u20ac 2, [x]: \"y\" \\","b":[],"c":{}}'
    assert laid_out_json(text) == (
        '{\n "a": "\\u20ac 2, [x]: \\"y\\" \\\\",\n "b": [],\n "c": {}\n}\n'
    )


def test_json_is_known_by_itself_not_by_what_it_was_sent_as() -> None:
    assert clean_text(a_page('{"a":1}', "text/plain")) == '{\n "a": 1\n}\n'
    assert clean_text(a_page("1:I[2]\n", "text/x-component")) == "1:I[2]\n"


@pytest.mark.parametrize(
    "left_out",
    [
        "<script>let price = 3</script>",
        "<script type='module' src='/app.js'></script>",
        "<style>td { color: red }</style>",
        "<!-- built by ann, price 3 -->",
        "<svg><title>Logo</title></svg>",
        "<iframe src='https://other.example'></iframe>",
        "<input type=hidden name=csrf value=abc>",
        "<meta name='csrf-token' content='abc'>",
        "<link rel=stylesheet href='/a.css'>",
    ],
)
def test_what_states_no_facts_is_left_out(left_out: str) -> None:
    facts = "<table><tr><td>$2.49</td></tr></table>"
    assert cleaned(f"<body>{left_out}{facts}</body>") == cleaned(f"<body>{facts}</body>")


@pytest.mark.parametrize(
    "kept",
    [
        '<script type="application/ld+json">{"price": 2.490, "note": "a < b & c"}</script>',
        '<script type="application/json">{"price": 2.490}</script>',
        '<meta content="2.490" itemprop="price"/>',
        '<link href="https://schema.org/InStock" itemprop="availability"/>',
        '<td class="price wide" data-plan="H100">€\xa02.490</td>',
    ],
)
def test_what_may_state_facts_is_kept(kept: str) -> None:
    assert kept in cleaned(f"<body><table><tr>{kept}</tr></table></body>")


def test_addresses_lose_their_queries_and_nobody_is_named() -> None:
    text = cleaned(
        '<a href="/buy?sid=s3cr3t&plan=h100#gpu" onclick="track()" style="x">$2.49</a>'
        '<a href="mailto:ann@nimbus.example?subject=x">ann.o&#39;neil@sales.nimbus.example</a>'
        '<a href="tel:+49301234">call</a><a href="#tab-8x">8x</a><img srcset="a.png?sid=1 2x">'
        '<script type="application/ld+json">{"email": "ann@nimbus.example"}</script>'
    )
    for secret in ("s3cr3t", "track", "ann@", "neil@", "+49", "sid", "style"):
        assert secret not in text
    assert '<a href="/buy">$2.49</a>' in text
    assert '<a href="#tab-8x">8x</a>' in text
    assert '{"email": "somebody@example.com"}' in text


def test_an_at_sign_is_not_always_mail() -> None:
    text = '{\n "@graph": "8x H100 @ 2.49",\n "package": "react@18.2.0"\n}\n'
    assert clean_text(a_page(text, "application/json")) == text


def test_a_page_that_was_cut_off_is_not_made_whole() -> None:
    with pytest.raises(PageChanged):
        cleaned("<table><tr><td>$2")


def test_cleaning_twice_gives_the_same() -> None:
    text = cleaned("<!doctype html><p>\n\n\n$2.49 &lt; &euro;3</p>\n\n<!-- x -->\n\n<p>b</p>")
    assert cleaned(text) == text
    assert "\n\n" not in text


def test_json_is_read_back_as_it_was() -> None:
    text = '{"rows":[{"price":2.490,"ok":true,"none":null}]}'
    assert Json.loads(laid_out_json(text), path="p").value == Json.loads(text, path="p").value


def test_a_script_that_pushes_what_the_page_is_built_of_is_kept() -> None:
    pushes = r'<script>self.__next_f.push([1,"1:[\"$$2.49\"]"])</script>'
    text = cleaned(f"<body>{pushes}<script>track()</script></body>")
    assert pushes in text
    assert "track" not in text
