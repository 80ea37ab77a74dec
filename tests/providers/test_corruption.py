"""Every hand-written page, corrupted in its text, through the real parser and normaliser.

The gate is not asked. A corrupted page may give fewer offers, but never one that the sound page
does not give: another price, GPU or count, or an offer that was refused before. What a text does
not reveal is stated here and nowhere else:

- A page that names another currency or another period wherever it names one is believed. Its
  rows keep their printed amount and are listed in that currency or unit, converted. What is
  wrong with that is for the gate.
- A price that stands once may have any other digits. `PRINTED_TWICE` lists those that do not.
  A count that stands once may be another count that such machines have.
- A plan that is said to be sold nowhere is an offer that nobody gets (NOT_OFFERED).
- `CONTRADICTING` lists the rows of the pages that are refused for contradicting themselves.
- `NOT_MISSED` lists the keys that sound answers leave out, so that nothing tells a renamed one.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from functools import cache, partial
from typing import Any

import pytest

from benchmarks.corruptions import (
    AlteredFetcher,
    Corruption,
    Family,
    currencies,
    numbers,
    replaced,
    units,
)
from scrapers.page import Page
from scrapers.parts import read_part
from scrapers.registry import load_providers
from service.domain.offer import AvailabilityState, ExchangeRate, Offer
from tests.providers.recorded import members_of, recording_of
from tools.golden import PAGES, Reading, read_recording

# Tracing thousands of readings would double their time.
pytestmark = pytest.mark.no_cover

PROVIDERS = load_providers()
# A documented JSON API may have its currency declared; a page has to print it.
HTML = [
    provider
    for provider in PROVIDERS
    if "text/html" in (PAGES / provider / "manifest.json").read_text(encoding="utf-8")
]
CUTS = 50
# One in four of the fifty; all of them were tried when this was written.
CUT_STEP = 4
SHOWN = 20
CAPTCHA = (
    "<!doctype html><html><head><title>Just a moment...</title></head><body><h1>Checking that you"
    " are human</h1><form><input name='captcha'><p>$1.00 / GPU / hour</p></form></body></html>"
)
DOCUMENTS = (CAPTCHA, "", "{}", "[]", "null", "0", '""', "[{}]", '{"items": []}', "\x00", "<html")
RATES = {
    code: ExchangeRate(currency_code=code, rate=Decimal(2), source="test", date="2026-10-08")
    for code in ("CAD", "EUR", "GBP")
}
SCRIPT = re.compile(r'(<script type="application/ld\+json">)(.*?)(</script>)', re.DOTALL)

NOT_MISSED = {
    # Rows of the API itself lack them now and then; each marks a row that is to be refused.
    ("azure", "effectiveStartDate"),
    ("azure", "isPrimaryMeterRegion"),
    # The last page may lack it; what is not reached then is taken from the public page.
    ("gcp", "nextPageToken"),
    # Only some plans have them.
    ("vultr", "deploy_ondemand"),
    ("vultr", "deploy_preemptible"),
    # Machines are keys, and one without mode makes its prototyping twin an old name.
    ("thunder", "a6000_x1"),
    # Data centres are keys.
    ("cloudrift", "ap-east-tw-kn-2"),
    ("cloudrift", "eu-central-it-gv-1"),
    ("cloudrift", "us-east-nc-nr-1"),
}

# Rows, by (sku, region), that the sound pages give and that are refused because they contradict
# themselves: once one side is corrupted they may agree, and nothing tells.
CONTRADICTING = {
    ("L40S-2-48G", "fr-par-2"),
    ("L4-1-24G", "fr-par-2"),
    ("Standard_NC12s_v3", "uksouth"),
    ("VIRTUAL_MACHINE 2x L40S 48GB", ""),
    ("vbm-256c-3072gb-8-mi325x-gpu", "ewr"),
    ("vcg-a16-6c-64g-16vram", "ewr"),
    ("2711007", "FSN1-DC14"),
    ("0f5a-07", "US"),
    ("g2-gpu-rtx4000a2-s", ""),
    ("a100-sxm-80gb:4", "eu-north-1"),
    ("gpu-mi325x8-2048gb", "atl1"),
    ("dc_oak gh200-1 1x", "us-central-2"),
}

# Provider -> the places of one price. A change of one of them must not pass.
PRINTED_TWICE = {
    "azure": ('"retailPrice": 98.32', '"unitPrice": 98.32'),
    "coreweave": ("<div>$49.24<", '<span class="item-value">$49.24<'),
    "ovhcloud": ('"price": 290000000', '"formattedPrice": "2.90'),
    "replicate": ("$0.000980/sec", "$3.53/hr"),
    "scaleway": ('"hourly_price": 0.7875', '"nanos": 13125000'),
    "verda": ('"price": 31.92', '    "price": 31.92'),
}


def html_labels(provider: str) -> Iterator[Corruption]:
    """Rename or drop each column, tab, heading and marking attribute."""
    texts = {page.text for page in _sound_pages(provider) if page.is_html}
    labels = {
        label
        for text in texts
        for pattern in (
            r'data-label="([^"]+)"',
            r'table-header-text">(.+?)</div>',
            r'role="tab"[^>]*>([^<]+)<',
            r'class="eyebrow">([^<]+)<',
        )
        for label in re.findall(pattern, text)
    }
    for label in sorted(labels):
        for other in ("", "New") if label.startswith("REGION") else ("", "New", f"{label} new"):
            pairs = (
                (rf'(data-label="){re.escape(label)}"', rf'\g<1>{other}"'),
                (rf">{re.escape(label)}<", f">{other}<"),
            )
            yield replaced(f"label {label!r} -> {other!r}", *pairs)
    for name in ("data-label", "data-plan", "data-product", "aria-controls", "role", "id", "class"):
        yield replaced(f"attribute {name} renamed", (rf" {name}=", f" x-{name}="))


def dropped_cells(provider: str) -> Iterator[Corruption]:
    """Take one column out of every row: its cells, or its heading."""
    if provider == "lambda":
        for label in ("VRAM/GPU", "GPU COUNT", "DURATION", "vCPUs"):
            yield replaced(f"no {label}", (rf'<td data-label="{label}">[^<]*</td>', ""))
    if provider == "coreweave":
        head = r'<div class="table-v2-cell"><div class="table-header-text">GPU Count</div></div>'
        count = r'<div class="table-v2-cell"><div>(8|4\^1)</div></div>'
        yield replaced("no count heading", (head, ""))
        yield replaced("no count cells", (count, ""))
        yield replaced("no counts at all", (head, ""), (count, ""))
        yield replaced("a lost footnote sign", (r"4\^1", "41"))
        yield replaced("a count of seven", (r"<div>8</div>", "<div>7</div>"))


def json_keys(provider: str) -> Iterator[Corruption]:
    """Rename each key, wherever it stands."""
    for key in sorted(_keys(provider, lambda _: True)):
        if (provider, key) not in NOT_MISSED:
            yield replaced(f"key {key!r} renamed", (rf'"{re.escape(key)}"(?=\s*:)', f'"{key}New"'))


def csv_columns(provider: str) -> Iterator[Corruption]:
    """Rename each column, and take it out of every line."""

    def without(page: Page, *, column: str) -> str:
        lines = page.text.splitlines()
        at = next(n for n, line in enumerate(lines) if f'"{column}"' in line)
        place = lines[at].strip('"').split('","').index(column)
        cells = [line.strip('"').split('","') for line in lines[at:]]
        rows = ['"' + '","'.join(row[:place] + row[place + 1 :]) + '"' for row in cells]
        return "\n".join(lines[:at] + rows) + "\n"

    for page in [page for page in _sound_pages(provider) if "csv" in page.content_type][:1]:
        (columns,) = [line for line in page.text.splitlines() if line.startswith('"SKU"')]
        for column in columns.strip('"').split('","'):
            yield replaced(f"column {column!r} renamed", (f'"{re.escape(column)}"', '"New"'))
            yield Corruption(f"no column {column!r}", partial(without, column=column))


def json_arrays(provider: str) -> Iterator[Corruption]:
    """Turn the array behind each key into an object, and into its first item."""
    for key in sorted(_keys(provider, lambda value: isinstance(value, list))):
        yield _edited(
            f"array {key!r} as an object", key, lambda v: {str(i): x for i, x in enumerate(v)}
        )
        yield _edited(f"array {key!r} as its first item", key, lambda v: v[0] if v else None)
        yield _edited(f"array {key!r} empty", key, lambda _: [])


def json_values(provider: str) -> Iterator[Corruption]:
    """Turn the numbers behind each key into null and zero, and the texts into nothing."""
    for key in sorted(_keys(provider, _is_number)):
        yield _edited(f"{key!r} null", key, lambda _: None)
        yield _edited(f"{key!r} zero", key, lambda _: 0)
        yield _edited(f"{key!r} a list", key, lambda value: [value])
        yield _edited(f"{key!r} below zero", key, lambda value: f"-{value}")
    for key in sorted(_keys(provider, lambda value: isinstance(value, dict))):
        yield _edited(f"{key!r} null", key, lambda _: None)


def cuts(_: str) -> Iterator[Corruption]:
    def cut_off(page: Page, *, at: int) -> str:
        return page.text[: len(page.text) * at // CUTS]

    for at in range(3, CUTS, CUT_STEP):
        yield Corruption(f"cut {at}", partial(cut_off, at=at))


def other_documents(_: str) -> Iterator[Corruption]:
    def other(_: Page, *, text: str) -> str:
        return text

    for text in DOCUMENTS:
        yield Corruption(f"document {text[:20]!r}", partial(other, text=text))
    yield Corruption("doubled", lambda page: page.text * 2)
    yield Corruption("wrapped", lambda page: f"<pre>{page.text}</pre>")


def one_of_two_prices(provider: str) -> Iterator[Corruption]:
    """Write other digits in one of the places where a price stands."""
    for place in PRINTED_TWICE.get(provider, ()):
        other = re.sub(r"\d", "7", place, count=1)
        yield replaced(f"{place!r} -> {other!r}", (re.escape(place), other), once=True)


FAMILIES: tuple[Family, ...] = (
    currencies,
    units,
    numbers,
    html_labels,
    dropped_cells,
    json_keys,
    csv_columns,
    json_arrays,
    json_values,
    cuts,
    other_documents,
    one_of_two_prices,
)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_corrupted_page_gives_no_offer_that_the_sound_page_does_not(provider: str) -> None:
    wrong = [
        f"{family.__name__}, {corruption.name}: {offer.sku} {offer.region_code} {offer.listed}"
        for family in FAMILIES
        for corruption in _felt(family, provider)
        for offer in _read(provider, corruption.alter).offers
        if _is_wrong(offer, _sound_offers(provider))
    ]
    assert not wrong, "\n".join(wrong[:SHOWN])


@pytest.mark.parametrize(
    ("family", "provider"),
    [
        *((family, "lambda") for family in (currencies, units, html_labels, dropped_cells)),
        *((family, "azure") for family in (currencies, units, json_keys, json_arrays, json_values)),
        *((one_of_two_prices, provider) for provider in PRINTED_TWICE),
    ],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_the_corruptions_are_felt(family: Family, provider: str) -> None:
    assert _felt(family, provider)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_prices_of_every_provider_are_corrupted(provider: str) -> None:
    assert _felt(numbers, provider)


@pytest.mark.parametrize("provider", HTML)
def test_an_html_page_without_currency_gives_no_offer(provider: str) -> None:
    def without_currency(page: Page) -> str:
        return page.text.replace("$", "").replace("USD", "")

    assert _read(provider, without_currency).offers == ()


def test_a_wrong_offer_would_be_seen() -> None:
    def dearer(page: Page) -> str:
        return page.text.replace("3.99", "4.99")

    offers = _read("lambda", dearer).offers

    assert [o.sku for o in offers if _is_wrong(o, _sound_offers("lambda"))] == [
        "8x NVIDIA H100 SXM 80 GB"
    ]


def _felt(family: Family, provider: str) -> list[Corruption]:
    """Return the corruptions that change a page of a provider, each once."""
    pages = _sound_pages(provider)
    felt = {tuple(page.text for page in pages): Corruption("none", lambda page: page.text)}
    for each in family(provider):
        # Pages are kept, so that what is altered here is not altered again when it is read.
        alter = cache(each.alter)
        felt.setdefault(tuple(alter(page) for page in pages), replace(each, alter=alter))
    return list(felt.values())[1:]


def _is_wrong(offer: Offer, sound: dict[str, Offer]) -> bool:
    """Say whether the sound page does not give this offer, nor the page itself says why."""
    true = sound.get(offer.offer_id)
    if (offer.sku, offer.region_code) in CONTRADICTING:
        return False
    if offer.availability.state is AvailabilityState.NOT_OFFERED:
        return False
    if true is None or (offer.gpu_model, offer.gpu_count) != (true.gpu_model, true.gpu_count):
        return True
    if offer.price_per_hour == true.price_per_hour:
        return False
    # Believed: the amount as it was, in the currency or for the time that the page now names.
    listed, was = offer.listed, true.listed
    said = (listed.amount.currency_code, listed.unit)
    return listed.amount.amount != was.amount.amount or said == (
        was.amount.currency_code,
        was.unit,
    )


@cache
def _sound_pages(provider: str) -> tuple[Page, ...]:
    seen: list[Page] = []
    for part in PROVIDERS[provider].all_parts():
        read_part(PROVIDERS[provider], part, fetcher=recording_of(provider), on_page=seen.append)
    return tuple(seen)


@cache
def _sound_offers(provider: str) -> dict[str, Offer]:
    return {offer.offer_id: offer for offer in _read(provider, lambda page: page.text).offers}


def _read(provider: str, alter: Callable[[Page], str]) -> Reading:
    fetcher = AlteredFetcher(recording_of(provider), alter)
    return read_recording(PROVIDERS[provider], fetcher, rates=RATES)


def _documents(page: Page) -> tuple[str, ...]:
    """Return the JSON of a page, also that of its scripts."""
    if "csv" in page.content_type:
        return ()
    return tuple(m[2] for m in SCRIPT.finditer(page.text)) if page.is_html else (page.text,)


@cache
def _members(provider: str) -> tuple[tuple[str, Any], ...]:
    """Return every key with every value that it has on the pages of a provider."""
    return members_of(json.loads(d) for page in _sound_pages(provider) for d in _documents(page))


def _keys(provider: str, wanted: Callable[[Any], bool]) -> set[str]:
    return {key for key, value in _members(provider) if wanted(value)}


def _is_number(value: object) -> bool:
    is_text = isinstance(value, str) and re.fullmatch(r"\d+(\.\d+)?", value)
    return bool(is_text) or (isinstance(value, (int, float)) and not isinstance(value, bool))


def _edited(name: str, key: str, new: Callable[[Any], Any]) -> Corruption:
    """Change the value behind a key wherever it stands, unless it is null."""

    def edit(value: Any) -> Any:
        if isinstance(value, list):
            return [edit(item) for item in value]
        if not isinstance(value, dict):
            return value
        return {k: new(v) if k == key and v is not None else edit(v) for k, v in value.items()}

    def document(text: str) -> str:
        return json.dumps(edit(json.loads(text)))

    def alter(page: Page) -> str:
        if not page.is_html:
            return document(page.text)
        return SCRIPT.sub(lambda m: f"{m[1]}{document(m[2])}{m[3]}", page.text)

    return Corruption(name, alter)
