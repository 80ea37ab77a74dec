"""Ways in which the text of a page can go wrong: currency, unit, numbers.

Shared by the tests of the parsers and the benchmark of the gate.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from scrapers.fetcher import Fetcher
from scrapers.page import Page
from scrapers.provider import Provider, Request


@dataclass(frozen=True)
class Corruption:
    """One way in which a page can go wrong. `alter` gives the text of a page as it then is."""

    name: str
    alter: Callable[[Page], str]


Family = Callable[[str], Iterator[Corruption]]


class AlteredFetcher:
    """Gives recorded pages with their text changed by `alter`."""

    def __init__(self, inner: Fetcher, alter: Callable[[Page], str]) -> None:
        self._inner = inner
        self._alter = alter

    def records(self, request: Request) -> bool:
        """Whether the recording has it."""
        return self._inner.records(request)

    def fetch(self, request: Request, *, provider: Provider, kind: str, part: str) -> Page:
        """Return the page as it would then be; the page itself where nothing changes."""
        page = self._inner.fetch(request, provider=provider, kind=kind, part=part)
        text = self._alter(page)
        return page if text == page.text else replace(page, text=text)


def replaced(name: str, *pairs: tuple[str, str], once: bool = False) -> Corruption:
    """Exchange the matches of patterns: all of them, or only the first one of a page."""

    def alter(page: Page) -> str:
        text = page.text
        for pattern, other in pairs:
            text = re.sub(pattern, other, text, count=1 if once else 0)
        return text

    return Corruption(name, alter)


def currencies(_: str) -> Iterator[Corruption]:
    """Name another currency, one that does not exist, or none; everywhere or once."""
    for sign, code in (("€", "EUR"), ("£", "GBP"), ("CA$", "CAD"), ("", ""), ("¤", "XXX")):
        in_dollars = ((r"\$(?=\d)", sign), ('"USD"', f'"{code}"'))
        yield replaced(f"dollars in {code or 'none'}", *in_dollars)
        yield replaced(f"first dollars in {code or 'none'}", *in_dollars, once=True)
    yield Corruption("euros in dollars", _euros_in_dollars)
    yield replaced(
        "one of two currencies",
        (r'("currencyCode"|"priceCurrency"): "USD"', r'\1: "EUR"'),
        once=True,
    )
    yield replaced(
        "another of two currencies",
        (r'("BillingCurrency"|    "priceCurrency"): "USD"', r'\1: "EUR"'),
    )


def _euros_in_dollars(page: Page) -> str:
    return page.text if "USD" in page.text else page.text.replace('"EUR"', '"USD"')


def units(_: str) -> Iterator[Corruption]:
    """Name another period or basis, or none; everywhere or once."""
    for word in ("month", "minute", "second", "day", "year", "vCPU", ""):
        pairs = (
            (r"\bHR\b", word.upper()),
            (r"\bHour\b", word.title()),
            (r'"(hour|minute)"', f'"{word}"'),
            (r"/ Hour", f"/ {word.title()}"),
        )
        yield replaced(f"unit {word or 'none'}", *pairs)
        yield replaced(f"first unit {word or 'none'}", *pairs, once=True)
    for basis in ("INSTANCE", "NODE", "vCPU", "1000 GPU", ""):
        yield replaced(
            f"basis {basis or 'none'}",
            (r"/GPU/", f"/{basis}/" if basis else "/"),
            (r"Single GPU", f"Single {basis}".strip()),
            (r"GPU Per Hour", f"{basis} Per Hour".strip()),
        )


# A price of a page: "$49.24" on HTML, the number or the decimal string behind a key of JSON, the
# cell after the unit in a CSV.
_HTML_PRICE = re.compile(r"\$(?P<number>\d[\d.,]*)")
_JSON_PRICE = re.compile(
    r'(?P<key>"(?:\w*[pP]rice|value|\w*cost\w*|\w*_rate_hourly|gpu_price_\w+'
    r"|USD|hourly|monthly|price\w+|onDemand|dph_total|min_bid|med|hour|per_\w+_hr"
    r'|[a-z0-9]+_x\d\w*)": )'
    r'(?P<quote>"?)(?P<number>\d[\d.]*)(?P=quote)'
)
_CSV_PRICE = re.compile(r'(?P<unit>"(?:Hrs|Quantity)",)"(?P<number>\d[\d.]*)"')


def each_price(name: str, written: Callable[[str], str]) -> Corruption:
    """Write every price of a page in another way; in JSON as a text."""

    def alter(page: Page) -> str:
        text = _HTML_PRICE.sub(lambda m: f"${written(m['number'])}", page.text)
        text = _CSV_PRICE.sub(lambda m: f'{m["unit"]}"{written(m["number"])}"', text)
        return _JSON_PRICE.sub(lambda m: f'{m["key"]}"{written(m["number"])}"', text)

    return Corruption(name, alter)


def numbers(_: str) -> Iterator[Corruption]:
    """Write every number in a way that is not plain."""
    yield each_price("decimal comma", lambda n: n.replace(".", ","))
    yield each_price("points for thousands", _with_points)
    yield each_price("space for thousands", lambda n: f"1 {n.zfill(6)}")
    yield each_price("two numbers", lambda n: f"{n} - {n}9")
    yield each_price("crossed out", lambda n: f"9{n} {n}")
    yield each_price("exponent", lambda n: f"{n}e1")
    yield each_price("underscore", lambda n: f"1_{n}")
    yield each_price("minus", lambda n: f"-{n}")
    yield each_price(
        "other digits", lambda n: n.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    )
    yield each_price("percent", lambda n: f"{n} %")
    yield each_price("a thousand of it", lambda n: f"{n}k")
    yield each_price("from", lambda n: f"from {n}")
    yield each_price("zero", lambda _: "0.00")
    yield each_price("nothing", lambda _: "")
    yield each_price("words", lambda _: "Contact sales")


def _with_points(number: str) -> str:
    whole, _, rest = number.partition(".")
    return f"1.{whole.zfill(3)},{rest or '00'}"
