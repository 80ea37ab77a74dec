"""Parsers in processes of their own: the same rows, and an end for those that have none."""

import os
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import cast

import pytest

from scrapers.errors import PageChanged, UnsafeResponse
from scrapers.page import Page
from scrapers.parsing import InProcess, InWorkers, ParserFailed
from scrapers.provider import Provider, RawOffer, Reject
from scrapers.registry import load_providers

LAMBDA = load_providers()["lambda"]
VULTR = load_providers()["vultr"]
PAGES = Path(__file__).parents[1] / "providers" / "pages"

# Workers that read a task and then do what parsers do that strangers have led astray.
_READ = "import sys, time; from scrapers.parsing import read_frame; read_frame(sys.stdin.buffer);"
HANGS = (sys.executable, "-c", f"{_READ} time.sleep(60)")
SPINS = (sys.executable, "-c", f"{_READ}\nwhile True: pass")
DIES = (sys.executable, "-c", f"{_READ} sys.exit(3)")
BABBLES = (sys.executable, "-c", f"{_READ} sys.stdout.write('x' * 99)")
HANGS_FOR_VULTR = (
    sys.executable,
    "-c",
    """
import sys, time
from scrapers.parsing import Done, read_frame, write_frame
while True:
    if read_frame(sys.stdin.buffer).provider == "vultr":
        time.sleep(60)
    write_frame(sys.stdout.buffer, Done(result=[]))
""",
)
SLOW = (
    sys.executable,
    "-c",
    """
import sys, time
from scrapers.parsing import Done, read_frame, write_frame
while True:
    read_frame(sys.stdin.buffer)
    time.sleep(1)
    write_frame(sys.stdout.buffer, Done(result=[]))
""",
)
WORKS = (sys.executable, "-m", "scrapers.parse_worker")
MARK = f"started-by-{os.getpid()}"
DEAF = (sys.executable, "-c", "import time; time.sleep(60)")


def a_page(text: str, *, kind: str = "prices", content_type: str = "text/html") -> Page:
    return Page(
        kind=kind,
        part=kind,
        url="https://lambda.ai/pricing",
        text=text,
        content_type=content_type,
        observe_time=datetime(2026, 10, 8, tzinfo=UTC),
    )


def lambda_page() -> Page:
    body = next((PAGES / "lambda").glob("*.html"))
    return a_page(body.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def workers() -> Iterator[InWorkers]:
    started = InWorkers(count=1)
    yield started
    started.close()


def test_a_worker_gives_the_rows_that_the_parser_gives(workers: InWorkers) -> None:
    asked = (LAMBDA, ("prices",), ((lambda_page(),),))

    rows = workers.parse(*asked)
    assert len(rows) > 3
    assert rows == InProcess().parse(*asked)


def test_a_page_that_changed_is_told_as_such(workers: InWorkers) -> None:
    with pytest.raises(PageChanged):
        workers.parse(LAMBDA, ("prices",), ((a_page("<html><p>Soon back.</p></html>"),),))


def test_a_bug_of_a_parser_is_named_and_the_worker_goes_on(workers: InWorkers) -> None:
    broken = replace(lambda_page(), text=cast("str", None))
    with pytest.raises(ParserFailed, match="AttributeError"):
        workers.parse(LAMBDA, ("prices",), ((broken,),))
    assert workers.parse(LAMBDA, ("prices",), ((lambda_page(),),))


def test_addresses_to_follow_come_from_a_worker_too(workers: InWorkers) -> None:
    text = '{"plans": [], "meta": {"links": {"next": "bmV4dA=="}}}'
    page = a_page(text, kind="plans", content_type="application/json")

    assert workers.follow(VULTR, page) == list(InProcess().follow(VULTR, page))
    assert workers.follow(LAMBDA, page) == []


@pytest.mark.parametrize("command", [HANGS, SPINS, DEAF], ids=["hangs", "spins", "deaf"])
def test_a_parser_that_does_not_end_is_ended(command: tuple[str, ...]) -> None:
    workers = InWorkers(count=1, seconds=0.6, command=(*command, MARK))
    started = time.monotonic()
    with pytest.raises(UnsafeResponse, match="did not end in time"):
        workers.parse(LAMBDA, ("prices",), ((a_page("x" * 1_000_000),),))

    assert time.monotonic() - started < 5
    assert not _marked()


def test_who_was_late_waits_for_the_late_only() -> None:
    workers = InWorkers(count=1, seconds=1.0, command=HANGS_FOR_VULTR)
    late = (VULTR, ("plans",), ((a_page("{}", kind="plans"),),))
    with pytest.raises(UnsafeResponse):
        workers.parse(*late)
    threads = [threading.Thread(target=_parse_in_vain, args=(workers, late)) for _ in range(3)]
    for thread in threads:
        thread.start()
    started = time.monotonic()
    workers.parse(LAMBDA, ("prices",), ((a_page("x"),),))

    assert time.monotonic() - started < 2
    for thread in threads:
        thread.join()
    workers.close()


def _parse_in_vain(
    workers: InWorkers, task: tuple[Provider, tuple[str, ...], tuple[tuple[Page, ...], ...]]
) -> None:
    with pytest.raises(UnsafeResponse):
        workers.parse(*task)


@pytest.mark.parametrize("command", [DIES, BABBLES], ids=["dies", "babbles"])
def test_a_worker_that_is_lost_fails_its_page_alone(command: tuple[str, ...]) -> None:
    workers = InWorkers(count=1, command=(*command, MARK))
    for _ in range(2):
        with pytest.raises(UnsafeResponse, match="could not be parsed"):
            workers.parse(LAMBDA, ("prices",), ((a_page("x"),),))
    workers.close()
    assert not _marked()


def test_rows_without_end_are_cut_off() -> None:
    provider = Provider(id="endless", title="Endless", home="https://endless.example")

    @provider.parses("prices")
    def parse(page: Page) -> Iterator[RawOffer | Reject]:
        for number in count():
            yield Reject(reason="ONE_MORE", text=f"{page.kind} {number}")

    with pytest.raises(UnsafeResponse, match="more than 200000 rows"):
        InProcess().parse(provider, ("prices",), ((a_page("x"),),))


def test_after_a_large_list_the_memory_goes() -> None:
    with InWorkers(count=1, command=(*WORKS, MARK)) as workers:
        workers.parse(LAMBDA, ("prices",), ((lambda_page(),),))
        assert len(_marked()) == 1
        workers.parse(replace(LAMBDA, large=True), ("prices",), ((lambda_page(),),))

        assert not _marked()


def test_a_worker_that_is_at_work_when_all_are_closed_ends_with_its_task() -> None:
    workers = InWorkers(count=1, seconds=30, command=(*SLOW, MARK))
    asked = threading.Thread(
        target=workers.parse, args=(LAMBDA, ("prices",), ((lambda_page(),),)), daemon=True
    )
    asked.start()
    until = time.monotonic() + 20
    while not _marked() and time.monotonic() < until:
        time.sleep(0.01)
    workers.close()
    assert len(_marked()) == 1

    asked.join(20)
    assert not _marked()


def _marked() -> set[int]:
    """Return the running workers that a test here started; other tests have theirs."""
    found: set[int] = set()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal():
            continue
        try:
            words = (entry / "stat").read_text().rpartition(")")[2].split()
            command = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if words[0] != "Z" and MARK.encode() in command:
            found.add(int(entry.name))
    return found
