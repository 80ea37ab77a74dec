"""The European Central Bank's reference rates: one small file a day, asked for as any page.

A file without a date, without the dollar, or with a dollar that no one has seen is refused whole.
What it gives is kept in the store with its day; the bundled table stands in until then.
"""

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from scrapers.errors import CollectError, PageChanged
from scrapers.fetcher import Fetcher
from scrapers.page import Page
from scrapers.printed import Unreadable, number_from_text
from scrapers.provider import Provider, Request
from service.domain.exchange import KeptRates, by_code, dollars_for_one, newer, updated
from service.domain.offer import ExchangeRate
from service.store.ports import Lease, NewerSchema, PublishOutcome, RateStore, StoreUnreachable

log = logging.getLogger(__name__)

JOB_ID = "exchange rates"
CHECKED_EVERY = timedelta(hours=24)
# A file that did not come is asked for again within the hour.
LOOKED_AT_EVERY = timedelta(hours=1)
FIRST_LOOK_AFTER = timedelta(seconds=15)

URL = "https://www.ecb.europa.eu/stats/eurofxref/eurofxref-daily.xml"
SOURCE_NAME = "ECB euro foreign exchange reference rate"
SOURCE = Provider(
    id="ecb",
    title="European Central Bank",
    home="https://www.ecb.europa.eu/stats/policy_and_exchange_rates",
    pages={"rates": URL},
)

_DECLARATION = re.compile(r"\A\ufeff?\s*<\?xml[^>]{0,200}\?>")
_CODE = re.compile(r"[A-Z]{3}", re.ASCII)
# Since 1999 a euro was 0.82 to 1.60 dollars.
_DOLLARS_PER_EURO = (Decimal("0.5"), Decimal(2))
# Files have some thirty currencies; one of a few is not whole.
_FEWEST = 15


def rates_of(page: Page) -> Mapping[str, ExchangeRate]:
    """Read US dollars for one unit of each currency, the euro among them.

    Raises PageChanged for a file that is not whole, is dated wrongly, or holds a number that
    cannot be right.
    """
    # The reader of pages is lenient and expands no entities; the file has no text that matters.
    root = replace(page, text=_DECLARATION.sub("", page.text)).html
    days = {cube.attr("time") for cube in root.all("cube[time]")}
    if len(days) != 1:
        raise PageChanged(f"{page.kind}: {len(days)} days in a file of one")
    day = _day(days.pop(), page=page)
    units: dict[str, Decimal] = {"EUR": Decimal(1)}
    for cube in root.all("cube[currency]"):
        code = cube.attr("currency")
        if not _CODE.fullmatch(code) or code in units:
            raise PageChanged(f"{page.kind}: {code[:10]!r} is no currency, or stands twice")
        units[code] = _number(cube.attr("rate"), page=page)
    dollars = units.pop("USD", None)
    lowest, highest = _DOLLARS_PER_EURO
    if dollars is None or not lowest <= dollars <= highest:
        raise PageChanged(f"{page.kind}: {dollars} dollars for a euro")
    if len(units) < _FEWEST:
        raise PageChanged(f"{page.kind}: only {len(units)} currencies")
    return {
        code: ExchangeRate(
            currency_code=code,
            rate=dollars_for_one(units_per_euro=of_a_euro, dollars_per_euro=dollars),
            source=SOURCE_NAME,
            date=day,
        )
        for code, of_a_euro in units.items()
    }


class RateCollector:
    """Asks for the file once a day, on the collector that leads, and keeps what it gives."""

    def __init__(
        self,
        *,
        store: RateStore,
        fetcher: Fetcher,
        bundled: Mapping[str, ExchangeRate],
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._fetcher = fetcher
        self._bundled = bundled
        self._clock = clock

    def plan(self, jobs: Any, *, find_lease: Callable[[], Lease | None]) -> None:
        """Add the job to an APScheduler (3 has no types); it does nothing while another leads."""
        jobs.add_job(
            self.collect_if_due,
            "interval",
            args=[find_lease],
            seconds=LOOKED_AT_EVERY.total_seconds(),
            next_run_time=datetime.now(jobs.timezone) + FIRST_LOOK_AFTER,
            id=JOB_ID,
            replace_existing=True,
            misfire_grace_time=None,
        )

    def collect_if_due(self, find_lease: Callable[[], Lease | None]) -> bool:
        """Collect when the last file is a day old; tells whether new rates were kept.

        A file that does not come, or is refused, leaves the known rates as they are.
        """
        lease = find_lease()
        request = Request(url=URL)
        if lease is None or not self._fetcher.records(request):
            return False
        try:
            kept = self._store.rates()
            if kept and timedelta(0) <= self._clock() - kept.check_time < CHECKED_EVERY:
                return False
            page = self._fetcher.fetch(request, provider=SOURCE, kind="rates", part="rates")
            return self._keep(rates_of(page), kept, fence=lease.fence)
        except (CollectError, StoreUnreachable, NewerSchema) as error:
            log.warning("no exchange rates", extra={"detail": str(error)})
            return False

    def _keep(
        self, found: Mapping[str, ExchangeRate], kept: KeptRates | None, *, fence: int
    ) -> bool:
        known = newer(self._bundled, by_code(kept.rates) if kept else {})
        held = by_code(kept.held) if kept else {}
        now_kept = updated(known, found, held=held, now=self._clock())
        outcome = self._store.save_rates(now_kept, fence=fence)
        facts = {
            "date": next(iter(found.values())).date,
            "held": [rate.currency_code for rate in now_kept.held],
            "outcome": outcome.value,
        }
        log.info("exchange rates", extra=facts)
        return outcome is PublishOutcome.PUBLISHED


def _day(text: str, *, page: Page) -> str:
    """Read the day of the file, which may not lie in the future (a day for time zones)."""
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise PageChanged(f"{page.kind}: {text[:20]!r} is no date") from error
    if day > page.observe_time.date() + timedelta(days=1):
        raise PageChanged(f"{page.kind}: rates of {day}, which is in the future")
    return day.isoformat()


def _number(text: str, *, page: Page) -> Decimal:
    try:
        number = number_from_text(text)
    except Unreadable as error:
        raise PageChanged(f"{page.kind}: {error}") from error
    if not number:
        raise PageChanged(f"{page.kind}: a rate of zero")
    return number
