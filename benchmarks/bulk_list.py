"""Memory and speed of reading a price list of hundreds of megabytes, as AWS publishes them.

    python -m benchmarks.bulk_list [--megabytes 500]

Makes a list in that structure: disclaimer lines, a header, rows of a kilobyte, one in fifty of
them for a machine with GPUs. Reads it in child processes: plainly, from a recording, and over
HTTP on loopback as it is and packed. Prints peak resident memory and speed of each.
"""

import argparse
import gzip
import json
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from scrapers.addresses import AddressPolicy
from scrapers.fetch import HttpFetcher
from scrapers.fetcher import Fetcher
from scrapers.politeness import DEFAULT_PATIENCE
from scrapers.provider import Provider, Request
from scrapers.replay import ReplayFetcher

HOST = "https://prices.example"
PATH = "/index.csv"
LIST = "index.csv"
WAYS = ("plain", "replay", "http", "packed")
MOST_MIB = 60

DISCLAIMERS = 5
WANTED = ('"p5.', '"g6.')
GPU_TYPES = ("p5.48xlarge", "g6.xlarge", "g6.12xlarge")
OTHER_TYPES = ("m5.large", "c7g.metal", "r6i.32xlarge", "t4g.nano", "x2idn.16xlarge")
COLUMNS = ("SKU", "OfferTermCode", "TermType", "PricePerUnit", "Currency", "Instance Type")
FILLER_COLUMNS = 60
ONE_GPU_ROW_IN = 50
_STEP_BYTES = 256 * 1024


def write_list(path: Path, *, size: int) -> int:
    """Write a list of about `size` bytes; returns its number of wanted rows."""
    chance = random.Random(1)
    fillers = [
        ",".join(f'"{chance.randbytes(6).hex()}"' for _ in range(FILLER_COLUMNS))
        for _ in range(100)
    ]
    header = ",".join(f'"{name}"' for name in (*COLUMNS, *map(str, range(FILLER_COLUMNS))))
    written = wanted = number = 0
    with path.open("w", encoding="ascii") as out:
        out.writelines(f'"Disclaimer {line}","not a row"\n' for line in range(DISCLAIMERS))
        out.write(f"{header}\n")
        while written < size:
            is_wanted = number % ONE_GPU_ROW_IN == 0
            machine = chance.choice(GPU_TYPES if is_wanted else OTHER_TYPES)
            row = (
                f'"{number:016X}","JRTCKXETXF","OnDemand","{chance.uniform(0.01, 99):.10f}","USD",'
                f'"{machine}",{chance.choice(fillers)}\n'
            )
            written += out.write(row)
            wanted += is_wanted
            number += 1
    return wanted


def read(way: str, *, folder: Path, root: str) -> int:
    """Read the list in one way; returns the rows that it gave, -1 for plain reading."""
    if way == "plain":
        with (folder / LIST).open("rb") as file:
            while file.read(_STEP_BYTES):
                pass
        return -1
    request = Request(url=f"{root}{PATH}", only_lines=WANTED, header_lines=DISCLAIMERS + 1)
    provider = Provider(id="bulk", title="Bulk", home=root, pages={"list": request})
    page = _fetcher(way, folder=folder, root=root).fetch(
        request, provider=provider, kind="list", part="list"
    )
    return sum(row["Instance Type"] in GPU_TYPES for row in page.csv(header_lines=DISCLAIMERS + 1))


def _fetcher(way: str, *, folder: Path, root: str) -> Fetcher:
    def now() -> datetime:
        return datetime.now(UTC)

    if way == "replay":
        return ReplayFetcher.open(folder, now=now)
    place = urlsplit(root)
    policy = AddressPolicy(loopback_endpoints=frozenset({(place.hostname or "", place.port or 0)}))
    return HttpFetcher(
        contact="bench@prices.example",
        now=now,
        address_policy=policy,
        patience=replace(DEFAULT_PATIENCE, pause=0),
    )


def _server(folder: Path) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            packed = self.path.startswith("/packed")
            path = folder / (f"{LIST}.gz" if packed else LIST)
            if not self.path.endswith(PATH):
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Type", "text/csv")
            self.send_header("Content-Length", str(path.stat().st_size))
            if packed:
                self.send_header("Content-Encoding", "gzip")
            self.end_headers()
            with path.open("rb") as file:
                shutil.copyfileobj(file, self.wfile, _STEP_BYTES)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def _measured(ways: tuple[str, ...], *, folder: Path) -> Iterator[tuple[str, dict[str, float]]]:
    server = _server(folder)
    try:
        for way in ways:
            live = f"http://127.0.0.1:{server.server_port}{'/packed' if way == 'packed' else ''}"
            root = HOST if way == "replay" else live
            arguments = ("--way", way, "--folder", str(folder), "--root", root)
            ended = subprocess.run(
                [sys.executable, "-m", __spec__.name, *arguments], check=True, capture_output=True
            )
            yield way, json.loads(ended.stdout)
    finally:
        server.shutdown()


def _peak_mib() -> float:
    """Return the most memory that this process had resident; the figure of exec, not of fork."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def _child(way: str, *, folder: Path, root: str) -> None:
    before = _peak_mib()
    started = time.perf_counter()
    rows = read(way, folder=folder, root=root)
    took = time.perf_counter() - started
    print(json.dumps({"rows": rows, "seconds": took, "before": before, "peak": _peak_mib()}))


def main() -> int:
    """Make the list, measure, print; 1 when a way lost a row or took more than 60 MiB."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=500)
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--root", default="", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.way:
        _child(given.way, folder=given.folder, root=given.root)
        return 0
    fine = True
    with tempfile.TemporaryDirectory(prefix="bulk-list-") as made:
        folder = Path(made)
        wanted = write_list(folder / LIST, size=given.megabytes * 10**6)
        size = (folder / LIST).stat().st_size
        entry = {"url": HOST + PATH, "body": LIST, "content_type": "text/csv"}
        (folder / "manifest.json").write_text(json.dumps([entry]))
        with (folder / LIST).open("rb") as plain, gzip.open(folder / f"{LIST}.gz", "wb", 1) as out:
            shutil.copyfileobj(plain, out)
        packed_size = (folder / f"{LIST}.gz").stat().st_size
        print(f"{size / 1e6:.0f} MB, packed {packed_size / 1e6:.0f} MB, {wanted} wanted rows")
        print(
            f"{'way':<8} {'rows':>8} {'seconds':>8} {'MB/s':>8} {'MiB before':>11} {'MiB peak':>9}"
        )
        for way, found in _measured(WAYS, folder=folder):
            rows, seconds = int(found["rows"]), found["seconds"]
            print(
                f"{way:<8} {rows if rows >= 0 else '':>8} {seconds:>8.2f}"
                f" {size / 1e6 / seconds:>8.0f} {found['before']:>11.1f} {found['peak']:>9.1f}"
            )
            fine &= rows in {-1, wanted} and found["peak"] <= MOST_MIB
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
