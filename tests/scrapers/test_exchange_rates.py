"""The daily file of rates: read, refused, kept, and asked for once a day."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from apscheduler.schedulers.background import BackgroundScheduler

from scrapers import exchange_rates
from scrapers.errors import PageChanged, Unreachable
from scrapers.exchange_rates import JOB_ID, SOURCE, RateCollector, rates_of
from scrapers.page import Page
from scrapers.provider import Provider, Request
from scrapers.schedule import Scheduler
from service.domain.exchange import KeptRates, by_code
from service.facts.tables import load_exchange_rates
from service.store.memory_store import MemoryStore
from service.store.ports import Lease
from tests.fakes import FakeClock
from tests.scrapers.nimbus import a_collector

TODAY = datetime(2026, 11, 2, 17, tzinfo=UTC)
UNITS = {
    "USD": "1.1200", "JPY": "176.10", "CZK": "24.31", "DKK": "7.4600", "GBP": "0.8700",
    "HUF": "389.10", "PLN": "4.2400", "RON": "5.0900", "SEK": "10.9900", "CHF": "0.9300",
    "ISK": "142.30", "NOK": "11.7000", "TRY": "49.1000", "AUD": "1.7000", "BRL": "6.1000",
    "CAD": "1.5700", "CNY": "7.9600",
}  # fmt: skip
LEASE = Lease(holder="test", fence=7)


def a_file(units: dict[str, str] = UNITS, *, day: str = "2026-11-02") -> str:
    """The file in the bank's structure."""
    cubes = "\n".join(f"\t\t\t<Cube currency='{code}' rate='{n}'/>" for code, n in units.items())
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01" \
xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">
\t<gesmes:subject>Reference rates</gesmes:subject>
\t<gesmes:Sender>\n\t\t<gesmes:name>European Central Bank</gesmes:name>\n\t</gesmes:Sender>
\t<Cube>\n\t\t<Cube time='{day}'>\n{cubes}\n\t\t</Cube>\n\t</Cube>
</gesmes:Envelope>
"""


def a_page(text: str) -> Page:
    return Page(
        kind="rates",
        part="rates",
        url="https://www.ecb.europa.eu/",
        text=text,
        content_type="text/xml",
        observe_time=TODAY,
    )


class OneFile:
    """A fetcher that gives one text, or fails with what it is given."""

    def __init__(self, text: str = "", *, error: Exception | None = None) -> None:
        self.text = text or a_file()
        self.error = error
        self.asked = 0
        self.observe_time = TODAY

    def records(self, request: Request) -> bool:
        return "ecb.europa.eu" in request.url

    def fetch(self, request: Request, *, provider: Provider, kind: str, part: str) -> Page:
        self.asked += 1
        assert provider is SOURCE
        if self.error:
            raise self.error
        page = a_page(self.text)
        return replace(page, kind=kind, part=part, url=request.url, observe_time=self.observe_time)


class NoFile(OneFile):
    """A recording without the file."""

    def records(self, request: Request) -> bool:
        return not request.url


def collector(store: MemoryStore, fetcher: OneFile, clock: FakeClock) -> RateCollector:
    return RateCollector(store=store, fetcher=fetcher, bundled=load_exchange_rates(), clock=clock)


def leading() -> Lease | None:
    return LEASE


def kept_in(store: MemoryStore) -> KeptRates:
    kept = store.rates()
    assert kept is not None
    return kept


def test_dollars_are_the_quotient_of_two_numbers_with_the_day_of_the_file() -> None:
    rates = rates_of(a_page(a_file()))

    assert (rates["EUR"].rate, rates["EUR"].date) == (Decimal("1.12"), "2026-11-02")
    assert abs(rates["JPY"].rate * Decimal("176.10") - Decimal("1.12")) < Decimal("1e-8")
    assert "USD" not in rates
    assert set(rates) == {"EUR", *UNITS} - {"USD"}


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ("no day", a_file().replace(" time=", " when=")),
        ("two days", a_file().replace("\t</Cube>\n</g", "\t<Cube time='2026-11-01'/></Cube></g")),
        ("no date", a_file(day="02/11/2026")),
        ("the future", a_file(day="2027-11-02")),
        ("no dollar", a_file({c: n for c, n in UNITS.items() if c != "USD"})),
        ("a dollar that no one has seen", a_file(UNITS | {"USD": "112.00"})),
        ("a dollar of zero", a_file(UNITS | {"USD": "0"})),
        ("a decimal comma", a_file(UNITS | {"JPY": "176,10"})),
        ("a sign", a_file(UNITS | {"JPY": "-176.10"})),
        ("an exponent", a_file(UNITS | {"JPY": "1e3"})),
        ("N/A", a_file(UNITS | {"JPY": "N/A"})),
        ("a rate of zero", a_file(UNITS | {"JPY": "0.0"})),
        ("no rate", a_file().replace("rate='176.10'", "")),
        ("no currency", a_file().replace("'JPY'", "'Yen'")),
        ("a currency twice", a_file().replace("'JPY'", "'GBP'")),
        ("the euro itself", a_file().replace("'JPY'", "'EUR'")),
        ("a few currencies", a_file(dict(list(UNITS.items())[:5]))),
        ("nothing", ""),
        ("a login page", "<html><body><form>Sign in</form></body></html>"),
        ("JSON", '{"rates": {"USD": 1.1}}'),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_right_is_refused_whole(wrong: str, text: str) -> None:
    with pytest.raises(PageChanged):
        rates_of(a_page(text))
    assert wrong


@pytest.mark.parametrize("at", range(5, 100, 5))
def test_a_file_that_was_cut_off_is_refused(at: int) -> None:
    text = a_file().rstrip()
    cut = text[: len(text) * at // 100]
    try:
        rates = rates_of(a_page(cut))
    except PageChanged:
        return
    whole = rates_of(a_page(a_file()))
    assert all(whole[code] == rate for code, rate in rates.items())


def test_entities_are_not_expanded() -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "9999999"><!ENTITY b "&a;&a;&a;">]>'
    text = a_file(UNITS | {"JPY": "&b;"}).replace("?>\n", f"?>\n{bomb}", 1)

    with pytest.raises(PageChanged):
        rates_of(a_page(text))


def test_the_file_is_kept_with_its_day_over_the_bundled_table() -> None:
    store, clock = MemoryStore(), FakeClock(TODAY)

    assert collector(store, OneFile(), clock).collect_if_due(leading)
    rates = by_code(kept_in(store).rates)
    assert (rates["EUR"].rate, rates["EUR"].date) == (Decimal("1.12"), "2026-11-02")
    bundled = load_exchange_rates()
    dropped = next(code for code in bundled if code not in UNITS and code != "EUR")
    assert rates[dropped] == bundled[dropped]


def test_it_is_asked_for_once_a_day() -> None:
    store, clock, fetcher = MemoryStore(), FakeClock(TODAY), OneFile()
    rates = collector(store, fetcher, clock)
    rates.collect_if_due(leading)

    clock.advance(timedelta(hours=23))
    assert not rates.collect_if_due(leading)
    assert fetcher.asked == 1
    clock.advance(timedelta(hours=1))
    assert rates.collect_if_due(leading)
    assert fetcher.asked == 2


def test_one_that_does_not_lead_or_has_no_recording_asks_nothing() -> None:
    store, clock, fetcher = MemoryStore(), FakeClock(TODAY), OneFile()

    assert not collector(store, fetcher, clock).collect_if_due(lambda: None)
    assert not collector(store, NoFile(), clock).collect_if_due(leading)
    assert (fetcher.asked, store.rates()) == (0, None)


def test_a_failure_leaves_the_known_rates_and_is_tried_again() -> None:
    store, clock, fetcher = MemoryStore(), FakeClock(TODAY), OneFile()
    rates = collector(store, fetcher, clock)
    rates.collect_if_due(leading)
    before = store.rates()

    clock.advance(timedelta(hours=24))
    fetcher.error = Unreachable("no answer")
    assert not rates.collect_if_due(leading)
    fetcher.error, fetcher.text = None, "<html><body>Maintenance</body></html>"
    assert not rates.collect_if_due(leading)
    assert (store.rates(), fetcher.asked) == (before, 3)


def test_a_rate_that_jumped_is_held_until_a_later_day_repeats_it() -> None:
    store, clock, fetcher = MemoryStore(), FakeClock(TODAY), OneFile()
    rates = collector(store, fetcher, clock)
    rates.collect_if_due(leading)

    for day, expected in (("2026-11-03", "2026-11-02"), ("2026-11-04", "2026-11-04")):
        clock.advance(timedelta(hours=24))
        fetcher.text = a_file(UNITS | {"TRY": "98.2000"}, day=day)
        fetcher.observe_time = clock.now
        rates.collect_if_due(leading)
        assert by_code(kept_in(store).rates)["TRY"].date == expected
        assert by_code(kept_in(store).rates)["EUR"].date == day


def test_an_older_leader_keeps_nothing() -> None:
    store, clock = MemoryStore(), FakeClock(TODAY)
    store.save_rates(KeptRates(rates=(), check_time=TODAY - timedelta(days=3)), fence=9)

    assert not collector(store, OneFile(), clock).collect_if_due(leading)
    assert kept_in(store).rates == ()


def test_the_job_is_planned_once() -> None:
    jobs = BackgroundScheduler(timezone=UTC)
    rates = collector(MemoryStore(), OneFile(), FakeClock(TODAY))

    for _ in range(2):
        rates.plan(jobs, find_lease=leading)
    jobs.start(paused=True)
    try:
        assert [job.id for job in jobs.get_jobs()] == [JOB_ID]
    finally:
        jobs.shutdown(wait=False)


def test_the_leading_collector_asks_for_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange_rates, "FIRST_LOOK_AFTER", timedelta(seconds=1))
    store = MemoryStore()
    scheduler = Scheduler(
        store=store,
        collector=a_collector(store, {}),
        choices=(),
        holder="one",
        lease_length=timedelta(seconds=30),
        clock=lambda: datetime.now(UTC),
        rates=collector(store, OneFile(), FakeClock(TODAY)),
    )
    scheduler.start()
    try:
        end = time.monotonic() + 10
        while store.rates() is None and time.monotonic() < end:
            time.sleep(0.02)
    finally:
        scheduler.stop()
    assert by_code(kept_in(store).rates)["EUR"].date == "2026-11-02"
