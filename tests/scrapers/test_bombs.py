"""Answers that unpack to far more than they are: what a fetch of one costs in resident memory.

The fetch runs in a process of its own, whose high-water mark counts what zlib takes as well.
"""

import gzip
import subprocess
import sys

import pytest

from tests.scrapers.raw_server import Answer, RawServer, answer

MIB = 1024 * 1024
MAX_GROWTH_MIB = 64
BOMB = gzip.compress(b"\0" * MIB, compresslevel=9) * 512
SPACES = gzip.compress(b" " * MIB, compresslevel=9) * 512

FETCH = """
import resource, sys
from datetime import UTC, datetime
from scrapers.addresses import AddressPolicy
from scrapers.errors import CollectError
from scrapers.fetch import HttpFetcher
from scrapers.provider import Provider, Request

port = int(sys.argv[1])
request = Request(url=f"http://127.0.0.1:{port}/prices", only_lines=tuple(sys.argv[2:]))
provider = Provider(id="p", title="P", home=request.url, pages={"prices": request})
fetcher = HttpFetcher(
    contact="prices@nimbus.example",
    now=lambda: datetime.now(UTC),
    sleep=lambda _: None,
    address_policy=AddressPolicy(loopback_endpoints=frozenset({("127.0.0.1", port)})),
)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    fetcher.fetch(request, provider=provider, kind="prices", part="prices")
except CollectError as error:
    print(error.reason, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def page(body: bytes, encoding: str, content_type: str = "text/html") -> Answer:
    return answer(body, content_type=content_type, Content_Encoding=encoding)


@pytest.mark.parametrize(
    ("robots", "prices", "lines"),
    [
        (answer(status=404), page(BOMB, "gzip"), ()),
        (answer(status=404), page(SPACES, "gzip", "application/json"), ()),
        (answer(status=404), page(b"\x5b\xff\xff" * MIB, "br"), ()),
        (answer(status=404), page(SPACES, "gzip", "text/csv"), ("p5.48xlarge",)),
        (page(SPACES, "gzip", "text/plain"), answer("{}"), ()),
    ],
    ids=["gzip", "gzip-json", "br", "gzip-lines", "robots"],
)
def test_a_bomb_takes_little_memory(robots: Answer, prices: Answer, lines: tuple[str, ...]) -> None:
    with RawServer(lambda asked: robots if asked.target == "/robots.txt" else prices) as server:
        done = subprocess.run(
            [sys.executable, "-c", FETCH, str(server.port), *lines],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
    reason, growth_mib = done.stdout.split()
    assert reason in {"UNSAFE_RESPONSE", "BLOCKED", "UNREACHABLE"}
    assert int(growth_mib) < MAX_GROWTH_MIB
