"""A tiny provider and a fetcher that answers from a dict, for tests of the collector."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from scrapers.collect import Collector
from scrapers.errors import CollectError, NotRecorded
from scrapers.normalize import Normalizer
from scrapers.page import Page
from scrapers.provider import Declared, Provider, RawOffer, Reject, Request
from service.domain.offer import PriceUnit
from service.facts.tables import load_exchange_rates, load_gpu_registry
from service.store.ports import Store

NOW = datetime(2026, 10, 8, 12, 0, tzinfo=UTC)
HOST = "https://nimbus.example"

Answer = str | CollectError | Callable[[], str]


class Clock:
    """A clock that stands still until a test moves it."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, time: timedelta) -> None:
        self.now += time


class FakeFetcher:
    """Answers addresses from a dict; an address that is not in it was never recorded."""

    def __init__(
        self, answers: Mapping[str, Answer], *, observe_time: datetime | None = None
    ) -> None:
        self.answers = dict(answers)
        self.asked: list[str] = []
        self._observe_time = observe_time
        self._lock = threading.Lock()

    def records(self, request: Request) -> bool:
        return request.url in self.answers

    def fetch(self, request: Request, *, provider: Provider, kind: str, part: str) -> Page:
        del provider
        with self._lock:
            self.asked.append(request.url)
        answer = self.answers.get(request.url)
        if answer is None:
            raise NotRecorded(f"no recording of {request.url}")
        if isinstance(answer, CollectError):
            raise answer
        text = answer if isinstance(answer, str) else answer()
        return Page(
            kind=kind,
            part=part,
            url=request.url,
            text=text,
            content_type="application/json",
            observe_time=self._observe_time or NOW,
            byte_count=len(text),
        )


def a_row(sku: str = "h100", **values: str) -> dict[str, str]:
    """Build one row of a page: an H100 for 2.49 dollars a GPU-hour."""
    return {"sku": sku, "gpu": "H100 SXM 80GB", "count": "8", "price": "2.49", **values}


def a_page(*rows: Mapping[str, str], **members: Any) -> str:
    """Build the text of a page."""
    return json.dumps({"rows": rows, **members})


def parse_rows(page: Page) -> Iterator[RawOffer | Reject]:
    """Read the rows of a page; a row without a price is a reject."""
    for row in page.json["rows"].each():
        if not row.text_of("price"):
            yield Reject(reason="NO_PRICE", text=row["sku"].text)
            continue
        yield RawOffer(
            sku=row["sku"].text,
            gpu=row["gpu"].text,
            gpu_count=row["count"].text,
            price=row["price"].text,
            region=row.text_of("region"),
            stock=row.text_of("stock") or None,
        )


def a_provider(id_: str = "nimbus", **overrides: Any) -> Provider:
    """Build a provider with one page, that lists rows as JSON and may name a next page."""
    values: dict[str, Any] = {
        "id": id_,
        "title": id_.title(),
        "home": HOST,
        "pages": {"prices": f"{HOST}/{id_}"},
        "declared": {"prices": Declared(currency="USD", unit=PriceUnit.GPU_HOUR)},
    }
    provider = Provider(**(values | overrides))
    provider.parses("prices")(parse_rows)

    @provider.follows("prices")
    def follow(page: Page) -> Iterator[str]:
        if next_page := page.json.text_of("next"):
            yield next_page

    return provider


def a_keyed_provider(id_: str = "nimbus", *, variable: str, **overrides: Any) -> Provider:
    """Build a provider whose one page is not shown without a key."""
    request = Request(url=f"{HOST}/{id_}", headers={"Authorization": f"Bearer {{{variable}}}"})
    return a_provider(id_, pages={"prices": request}, **overrides)


def a_zoned_provider(*zones: str, **overrides: Any) -> Provider:
    """Build a provider whose one page exists in several zones."""
    parts = {zone: {"prices": f"{HOST}/{zone}"} for zone in zones}
    return a_provider(pages={}, parts=parts, **overrides)


def a_collector(
    store: Store, answers: Mapping[str, Answer], *, clock: Clock | None = None, **overrides: Any
) -> Collector:
    """Build a collector over a fake fetcher; everything else is real."""
    registry = load_gpu_registry()
    values: dict[str, Any] = {
        "store": store,
        "fetcher": FakeFetcher(answers),
        "normalizer": Normalizer(registry=registry, rates=load_exchange_rates()),
        "registry": registry,
        "clock": clock or Clock(),
    }
    return Collector(**(values | overrides))
