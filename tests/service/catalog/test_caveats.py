from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from service.catalog.caveats import caveats_of
from service.catalog.segment import aged, segment_of
from service.catalog.snapshot import Snapshot
from service.domain.offer import ExchangeRate, Offer
from service.domain.provider import ProviderState
from tests.builders import NOW, a_snapshot, a_status, an_offer
from tests.fakes import a_catalog
from tests.service.catalog.samples import encode


def a_rate(date: str, code: str = "EUR") -> ExchangeRate:
    return ExchangeRate(currency_code=code, rate=Decimal("1.16"), source="the bank", date=date)


def found(*offers: Offer, rows: slice = slice(None), **catalog: Any) -> list[tuple[str, str]]:
    snapshot = a_catalog(*offers, **catalog)
    return [(one.code, one.message) for one in caveats_of(snapshot, tuple(snapshot.rows)[rows])]


def test_live_prices_at_fresh_rates_have_no_caveats() -> None:
    assert found(an_offer(exchange_rate=a_rate("2026-10-01"))) == []


def test_an_old_rate_is_told_with_its_currency_and_its_oldest_date() -> None:
    offers = (
        an_offer(offer_id="a", exchange_rate=a_rate("2026-09-30")),
        an_offer(offer_id="b", exchange_rate=a_rate("2026-09-12")),
        an_offer(offer_id="c", exchange_rate=a_rate("2026-10-08", "GBP")),
        an_offer(offer_id="d", exchange_rate=a_rate("2026-08-01", "CHF")),
    )
    said = found(*offers)
    assert [code for code, _ in said] == ["EXCHANGE_RATE_OLD", "EXCHANGE_RATE_OLD"]
    assert "CHF" in said[0][1]
    assert "2026-08-01" in said[0][1]
    assert "EUR" in said[1][1]
    assert "2026-09-12" in said[1][1]


def test_only_the_rows_of_the_page_count() -> None:
    offers = (an_offer(offer_id="a"), an_offer(offer_id="b", exchange_rate=a_rate("2026-01-01")))
    assert found(*offers, rows=slice(0, 1)) == []
    assert len(found(*offers, rows=slice(1, 2))) == 1


def test_a_held_provider_is_named() -> None:
    statuses = [a_status(state=ProviderState.HELD), a_status("cirrus", state=ProviderState.OK)]
    offers = (an_offer(), an_offer(offer_id="z", provider="cirrus"))
    ((code, message),) = found(*offers, statuses=statuses)
    assert code == "SNAPSHOT_HELD"
    assert "nimbus" in message
    assert "cirrus" not in message


def test_baseline_prices_are_told_with_their_oldest_date() -> None:
    old = an_offer(offer_id="b", observe_time=NOW - timedelta(days=50))
    ((code, message),) = found(an_offer(), old, baseline=frozenset({"nimbus"}))
    assert code == "BASELINE_PRICES"
    assert "2026-08-19" in message


def test_several_caveats_come_together() -> None:
    offers = (
        an_offer(exchange_rate=a_rate("2026-01-01")),
        an_offer(offer_id="z", provider="cirrus"),
    )
    statuses = [a_status(), a_status("cirrus", state=ProviderState.HELD)]
    said = found(*offers, baseline=frozenset({"nimbus"}), statuses=statuses)
    assert [code for code, _ in said] == ["BASELINE_PRICES", "EXCHANGE_RATE_OLD", "SNAPSHOT_HELD"]


def test_a_rate_grows_old_by_itself_and_the_content_revision_moves() -> None:
    offer = an_offer(exchange_rate=a_rate("2026-10-01"))
    published = a_snapshot(offer, interval=timedelta(days=30))
    young = segment_of(published, encode=encode, now=NOW)
    # Eight days after the first of October, at midnight.
    midnight = datetime(2026, 10, 9, tzinfo=UTC)
    assert young.next_change < midnight
    assert young.next_change >= midnight - timedelta(seconds=1)
    assert not aged(young, encode=encode, now=midnight - timedelta(seconds=1)).old_rates
    old = aged(young, encode=encode, now=midnight)
    assert old.old_rates == {1}
    before, after = (Snapshot([segment], now=NOW) for segment in (young, old))
    assert before.content_revision(None) != after.content_revision(None)
    assert caveats_of(before, tuple(before.rows)) == ()
    assert len(caveats_of(after, tuple(after.rows))) == 1


def test_the_content_revision_moves_when_a_provider_is_held() -> None:
    good = a_catalog(an_offer())
    held = good.renewed(
        statuses={"nimbus": a_status(state=ProviderState.HELD)}, now=NOW, is_store_lost=False
    )
    assert good.content_revision(["nimbus"]) != held.content_revision(["nimbus"])
    assert caveats_of(good, tuple(good.rows)) == ()
    assert len(caveats_of(held, tuple(held.rows))) == 1


@pytest.mark.parametrize("date", ["", "yesterday", "2026-13-01"])
def test_a_rate_without_a_readable_date_is_old(date: str) -> None:
    ((code, _),) = found(an_offer(exchange_rate=a_rate(date)))
    assert code == "EXCHANGE_RATE_OLD"
