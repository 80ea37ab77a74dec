"""Every provider's hand-written pages, replaced and mutilated, through the real reader.

`test_corruption.py` changes what a page says; this file changes what comes in its place and how
it is built: other pages with status 200, pages cut off between rows and mended, columns taken out,
JSON values of other kinds, nesting, encodings. The gate is not asked (`tests/scrapers/
test_bad_pages.py` does). What has to hold: the part fails with a CollectError, or its rows are
rejects, or an offer has the price that the sound page gives it. An offer that the sound page does
not give may appear where a name was lost, but never at a price of its own.

The exceptions are listed here, with their reasons:

- `SIDES`: rows that the sound pages refuse because two places contradict each other, or that are
  taken from the better of two pages. When one of the two is lost nothing tells.
- `IDENTITIES`: numbers that only say which machine a row is.
- A price that stands once and is multiplied by 730, by 100, or set to other digits is believed by
  every reader: those are for the gate.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from functools import cache, partial
from typing import Any

import pytest

from scrapers.answer import text_of
from scrapers.errors import UnsafeResponse
from scrapers.page import Page
from scrapers.registry import load_providers
from service.domain.offer import ExchangeRate, Offer
from tests.providers.recorded import RemadeFetcher, members_of, recording_of
from tools.golden import Reading, read_recording

# Tracing thousands of readings would double their time.
pytestmark = pytest.mark.no_cover

PROVIDERS = load_providers()
SHOWN = 20
CUTS = 50
# One in four of the fifty; all of them were tried when this was written.
CUT_STEP = 4
DEEP = 50_000
# Enough for the limit; what 50,000 levels cost is shown once, in tests/scrapers/test_page.py.
DEEP_HTML = 2_000
LONG = '"' + "x" * 300 + '"'
RATES = {
    code: ExchangeRate(currency_code=code, rate=Decimal(2), source="test", date="2026-10-08")
    for code in ("CAD", "EUR", "GBP")
}

CAPTCHA = (
    "<!doctype html><html><head><title>Just a moment...</title></head><body><h1>Checking that you"
    " are human</h1><form><input name='captcha'><p>H100 $1.00 / GPU / hour</p></form></body></html>"
)
LOGIN = (
    "<!doctype html><html><body><h1>Sign in</h1><form action='/login' method='post'><table><tr>"
    "<th>GPU</th><th>Price / GPU / hour</th></tr><tr><td><input name='user'></td><td><input "
    "type='password' name='password'></td></tr></table><a href='/gpu'>H100 from $1.00/hr</a>"
    "</form></body></html>"
)
ERROR = '{"error": {"code": 401, "message": "Sign in", "price": 1.0}, "data": null}'
PLANS = '{"plans": [{"id": "h100", "gpu": "H100", "price": 1.0, "currency": "USD"}]}'

Alter = Callable[[Page], Page]
"""Gives a page as it then is."""
Family = Callable[[str], Iterator[tuple[str, Alter]]]

# Rows by (provider, sku) that one place less makes offers, at the price that is left.
SIDES = {
    # Two lines of the list at two prices.
    ("aws-bulk", "p5.48xlarge standard No Upfront"),
    # The page's prices, where the machine's parts are not among the SKUs, and the other way round.
    ("gcp", "a2-highgpu-1g"),
    ("gcp", "a4-highgpu-8g"),
    ("gcp", "g2-standard-4"),
    # The price book prints another price.
    ("hyperstack", "NVIDIA B200"),
}
IDENTITIES = {("vast", "machine_id")}


def other_pages(_: str) -> Iterator[tuple[str, Alter]]:
    def other(page: Page, *, text: str, content_type: str) -> Page:
        return _remade(page, text=text, content_type=content_type or page.content_type)

    for name, text in (("captcha", CAPTCHA), ("login", LOGIN), ("error", ERROR), ("plans", PLANS)):
        html = "text/html; charset=utf-8" if text[0] == "<" else "application/json"
        for content_type in ("", html):
            yield f"{name} as {content_type}", partial(other, text=text, content_type=content_type)


def other_types(_: str) -> Iterator[tuple[str, Alter]]:
    for content_type in ("text/html; charset=utf-8", "application/json", "text/plain", ""):
        yield content_type, partial(_remade, content_type=content_type)


def cuts_between_rows(_: str) -> Iterator[tuple[str, Alter]]:
    """Cut a page after a whole tag or value; and once more with its end put back."""
    for at in range(1, CUTS, CUT_STEP):
        for with_end in (False, True):
            yield (
                f"cut {at}{' with an end' if with_end else ''}",
                _text(partial(_cut, at=at, with_end=with_end)),
            )


def _cut(page: Page, *, at: int, with_end: bool) -> str:
    text = page.text
    place = len(text) * at // CUTS
    if page.is_html:
        return text[: text.find(">", place) + 1] + ("</body></html>" if with_end else "")
    if text.lstrip()[:1] not in {"{", "["}:
        return text[: text.find("\n", place) + 1]
    ends = [m.end() for m in re.finditer(r'[}\]]|"(?=\s*[,}\]])', text[:place])]
    return _closed(text[: ends[-1]]) if ends and with_end else text[:place]


def _closed(text: str) -> str:
    """Close the brackets of a JSON text that was cut off."""
    waiting: list[str] = []
    for token in re.finditer(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', text):
        if token[0] in "[{":
            waiting.append("]" if token[0] == "[" else "}")
        elif token[0] in "]}":
            waiting.pop()
    return text + "".join(reversed(waiting))


def renamed_texts(provider: str) -> Iterator[tuple[str, Alter]]:
    """Rename each short text without digits: headings, columns, units, tabs, places."""
    texts = {
        text
        for page in _sound_pages(provider)
        if page.is_html
        for text in re.findall(r">([^<>{}\d]{2,60})<", page.text)
        if text.strip()
    }
    for text in sorted(texts):
        yield f"text {text!r} renamed", _text(partial(_put, old=f">{text}<", new=">Renamed<"))


def _put(page: Page, *, old: str, new: str) -> str:
    return page.text.replace(old, new)


def columns(provider: str) -> Iterator[tuple[str, Alter]]:
    """Take a column out of tables or put one in: in all rows, or in the heading only."""
    if any("<tr" in page.text for page in _sound_pages(provider)):
        for tag in ("td", "th"):
            for number in range(6):
                for cell in ("", f"<{tag}>1</{tag}>"):
                    name = f"{tag} {number} {'more' if cell else 'less'}"
                    alter = partial(_with_cell, tag=tag, number=number, cell=cell)
                    yield name, _text(alter)
    for page in _sound_pages(provider):
        if "csv" in page.content_type:
            heading = max(page.text.splitlines()[:6], key=lambda line: line.count(","))
            for column in heading.split(","):
                yield f"column {column}", _text(partial(_put, old=column, new='"Renamed"'))


def _with_cell(page: Page, *, tag: str, number: int, cell: str) -> str:
    """Take out the cell of a number from each row, or put another one before it."""

    def in_row(row: re.Match[str]) -> str:
        cells = list(re.finditer(rf"<{tag}\b[^>]*>.*?</{tag}>", row[0], re.DOTALL))
        if len(cells) <= number:
            return row[0]
        place = cells[number]
        return row[0][: place.start()] + cell + row[0][place.start() if cell else place.end() :]

    return re.sub(r"<tr\b.*?</tr>", in_row, page.text, flags=re.DOTALL)


def json_numbers(provider: str) -> Iterator[tuple[str, Alter]]:
    """Write what is no number in the place of numbers: everywhere, and key by key."""
    everywhere = re.compile(r'(?<=[:\[,\s])-?\d[\d.eE+-]*(?=\s*[,\]}])|"\d[\d.,]*"')
    for token in ("1e400", "NaN", "-1", "1e-400", "9" * 40, "01"):
        yield f"numbers {token}", _text(partial(_json_put, pattern=everywhere, token=token))
    for key in _keys(provider, _is_number):
        for token in ("1e400", "-1"):
            yield f"{key!r} {token}", _text(partial(_json_put, pattern=_value(key), token=token))


def json_kinds(provider: str) -> Iterator[tuple[str, Alter]]:
    """Put values of another kind behind each key, and the key twice."""
    tokens = ('{"a": [1]}', LONG)
    for key in _keys(provider, lambda value: not isinstance(value, (dict, list))):
        for token in tokens:
            yield (
                f"{key!r} {token[:12]}",
                _text(partial(_json_put, pattern=_value(key), token=token)),
            )
    for key in _keys(provider, lambda _: True)[::4]:
        twice = re.compile(rf'(?="{re.escape(key)}"\s*:)')
        yield (
            f"{key!r} half a character",
            _text(partial(_json_put, pattern=_value(key), token='"\\ud800"')),
        )
        yield f"{key!r} twice", _text(partial(_json_once, pattern=twice, token=f'"{key}": 1, '))


def _value(key: str) -> re.Pattern[str]:
    return re.compile(
        rf'(?<="{re.escape(key)}": )("(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null)'
    )


def _json_put(page: Page, *, pattern: re.Pattern[str], token: str) -> str:
    return page.text if page.is_html else pattern.sub(lambda _: token, page.text)


def _json_once(page: Page, *, pattern: re.Pattern[str], token: str) -> str:
    return page.text if page.is_html else pattern.sub(lambda _: token, page.text, count=1)


def nesting(_: str) -> Iterator[tuple[str, Alter]]:
    def deep(page: Page) -> str:
        if page.is_html:
            return f"{'<div>' * DEEP_HTML}{page.text}{'</div>' * DEEP_HTML}"
        return "[" * DEEP + page.text + "]" * DEEP

    yield "around it", _text(deep)
    yield (
        "within it",
        _text(lambda page: re.sub(r":\s*\d+", ": " + "[" * DEEP + "]" * DEEP, page.text, count=1)),
    )


# `other_pages` have a stricter test of their own.
FAMILIES = (
    other_types,
    cuts_between_rows,
    renamed_texts,
    columns,
    json_numbers,
    json_kinds,
    nesting,
)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_bad_page_gives_no_offer_at_another_price(provider: str) -> None:
    wrong = [
        f"{family.__name__}, {name}: {offer.sku} {offer.region_code} at {offer.listed.text}"
        for family in FAMILIES
        for name, alter in _felt(family, provider)
        # Anything but a CollectError leaves this call.
        for offer in _read(provider, alter).offers
        if _is_wrong(offer, provider)
    ]
    assert not wrong, "\n".join(wrong[:SHOWN])


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_page_of_another_site_gives_nothing(provider: str) -> None:
    for name, alter in other_pages(provider):
        reading = _read(provider, alter)
        assert reading.offers == (), name
        assert reading.errors, name


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_page_in_another_encoding_is_refused_before_it_is_read(provider: str) -> None:
    for page in _sound_pages(provider):
        half = len(page.text) // 2
        for body in (
            page.text.encode("utf-16"),
            page.text.encode("utf-16-le"),
            page.text.encode("utf-32"),
            (page.text[:half] + "\0" + page.text[half:]).encode(),
            page.text.encode() + b"\xff",
        ):
            with pytest.raises(UnsafeResponse):
                text_of(body, content_type=page.content_type)
        assert text_of(page.text.encode("utf-8-sig"), content_type=page.content_type) == page.text


@pytest.mark.parametrize("provider", PROVIDERS)
def test_characters_that_do_not_show_give_no_other_price(provider: str) -> None:
    def with_nuls(page: Page) -> str:
        return page.text.encode("utf-16-le").decode("latin-1")

    def with_marks(page: Page) -> str:
        return re.sub(r"(?<=\d)(?=\d)", "\u200b", page.text)

    def after_a_mark(page: Page) -> str:
        return "\ufeff" + page.text

    for alter in (with_nuls, with_marks, after_a_mark):
        reading = _read(provider, _text(alter))
        assert not [offer for offer in reading.offers if _is_wrong(offer, provider)]


def test_a_wrong_offer_would_be_seen() -> None:
    def dearer(page: Page) -> str:
        return page.text.replace("3.99", "4.99")

    wrong = [o.sku for o in _read("lambda", _text(dearer)).offers if _is_wrong(o, "lambda")]
    assert wrong == ["8x NVIDIA H100 SXM 80 GB"]


def test_each_family_finds_something_to_alter() -> None:
    for family in FAMILIES:
        felt = [p for p in ("lambda", "vultr", "gcp") if _felt(family, p)]
        assert felt, family.__name__


def _felt(family: Family, provider: str) -> list[tuple[str, Alter]]:
    """Return what changes a page of a provider, each change once."""
    pages = _sound_pages(provider)
    felt: dict[tuple[Page, ...], tuple[str, Alter]] = {}
    for name, each in family(provider):
        # Pages are kept, so that what is altered here is not altered again when it is read.
        alter = cache(each)
        felt.setdefault(tuple(alter(page) for page in pages), (name, alter))
    felt.pop(pages, None)
    return list(felt.values())


def _is_wrong(offer: Offer, provider: str) -> bool:
    """Say whether the sound page gives this offer, or this GPU, at other prices only."""
    if (provider, offer.sku) in SIDES:
        return False
    sound = _sound_offers(provider)
    true = sound.get(offer.offer_id)
    if true is None:
        return (offer.gpu_model, offer.price_per_gpu_hour) not in {
            (each.gpu_model, each.price_per_gpu_hour) for each in sound.values()
        }
    return (true.gpu_model, true.gpu_count, true.price_per_gpu_hour) != (
        offer.gpu_model,
        offer.gpu_count,
        offer.price_per_gpu_hour,
    )


def _text(alter: Callable[[Page], str]) -> Alter:
    return lambda page: _remade(page, text=alter(page))


def _remade(page: Page, *, text: str | None = None, content_type: str | None = None) -> Page:
    """Return the page itself, with what was parsed of it, when nothing changes."""
    remade = replace(
        page,
        text=page.text if text is None else text,
        content_type=page.content_type if content_type is None else content_type,
    )
    return page if remade == page else remade


@cache
def _sound_pages(provider: str) -> tuple[Page, ...]:
    seen: list[Page] = []

    def note(page: Page) -> Page:
        seen.append(page)
        return page

    _read(provider, note)
    return tuple(seen)


@cache
def _sound_offers(provider: str) -> dict[str, Offer]:
    return {offer.offer_id: offer for offer in _read(provider, lambda page: page).offers}


def _read(provider: str, alter: Alter) -> Reading:
    fetcher = RemadeFetcher(recording_of(provider), alter)
    return read_recording(PROVIDERS[provider], fetcher, rates=RATES)


@cache
def _members(provider: str) -> tuple[tuple[str, Any], ...]:
    """Return every key with every value that it has in the JSON of a provider."""
    return members_of(
        json.loads(page.text)
        for page in _sound_pages(provider)
        if page.text.lstrip()[:1] in {"{", "["}
    )


def _keys(provider: str, wanted: Callable[[Any], bool]) -> list[str]:
    keys = {key for key, value in _members(provider) if wanted(value)}
    return sorted(key for key in keys if (provider, key) not in IDENTITIES)


def _is_number(value: object) -> bool:
    is_text = isinstance(value, str) and re.fullmatch(r"\d+(\.\d+)?", value)
    return bool(is_text) or (isinstance(value, (int, float)) and not isinstance(value, bool))
