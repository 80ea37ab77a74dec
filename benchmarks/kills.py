"""Kills the store, and then its publishers, with SIGKILL at random moments; counts what was lost.

    make kill-bench

A publication is acknowledged when `publish` says so. After each kill of the server it starts again
from its log: the snapshot must be whole, and no older than the last acknowledged one. After each
kill of a publisher the snapshot must be whole.
"""

import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from benchmarks.synthetic import offers
from service.domain.change import changes_between
from service.domain.provider import ProviderSnapshot
from service.store.embedded import EmbeddedServer, open_embedded
from service.store.ports import StoreUnreachable
from service.store.redis_store import RedisStore

KILLS = 20
OFFERS = 50
SEED = 7
PROVIDER = "nimbus"
LONGEST_LIFE_SECONDS = 0.4
PATIENCE_SECONDS = 5.0  # a disk that is slow for once is no loss
_NOW = datetime(2026, 10, 8, tzinfo=UTC)


@dataclass(slots=True)
class Count:
    """What happened over all kills of one kind."""

    kills: int = 0
    acknowledged: int = 0
    lost: int = 0
    torn: int = 0


def generation(number: int) -> ProviderSnapshot:
    """Make a snapshot whose every price carries its number, so that a mixture shows."""
    price = Decimal(number + 1)
    made = (
        replace(offer, price_per_hour=price * offer.gpu_count, price_per_gpu_hour=price)
        for offer in offers(OFFERS, provider=PROVIDER, now=_NOW)
    )
    return ProviderSnapshot(
        provider=PROVIDER,
        snapshot_id=f"s{number}",
        content_revision=f"s{number}",
        publish_time=_NOW,
        interval=timedelta(hours=1),
        offers=tuple(made),
    )


def publish_for_ever(url: str, *, start: int, acknowledged: list[int]) -> None:
    """Publish one generation after the other until the store is gone."""
    with RedisStore.connect(url, op_timeout_seconds=PATIENCE_SECONDS) as store:
        current = store.snapshot(PROVIDER)
        for number in range(start, start + 100_000):
            following = generation(number)
            changes = changes_between(current.offers if current else (), following.offers, now=_NOW)
            previous_id = current.snapshot_id if current else ""
            try:
                store.publish(following, previous_id=previous_id, changes=changes, fence=1)
            except StoreUnreachable:
                return
            acknowledged.append(number)
            current = following


def found_in(server: EmbeddedServer) -> tuple[int, bool]:
    """Return the number of the generation that is current, -1 for none, and whether it is whole."""
    with RedisStore.connect(server.url, op_timeout_seconds=PATIENCE_SECONDS) as store:
        snapshot = store.snapshot(PROVIDER)
    if snapshot is None:
        return -1, True
    number = int(snapshot.snapshot_id[1:])
    return number, snapshot == generation(number)


def kill_servers(folder: Path, rng: random.Random) -> Count:
    """Kill the server while it is being published to."""
    count, last = Count(), -1
    for _ in range(KILLS):
        acknowledged: list[int] = []
        with open_embedded(folder) as server:
            publisher = threading.Thread(
                target=publish_for_ever,
                args=(server.url,),
                kwargs={"start": last + 1, "acknowledged": acknowledged},
            )
            publisher.start()
            time.sleep(rng.uniform(0.05, LONGEST_LIFE_SECONDS))
            os.kill(server.pid, signal.SIGKILL)
            publisher.join()
        with open_embedded(folder) as server:
            last, is_whole = found_in(server)
        count.kills += 1
        count.acknowledged += len(acknowledged)
        count.lost += bool(acknowledged) and last < acknowledged[-1]
        count.torn += not is_whole
    return count


def kill_publishers(folder: Path, rng: random.Random) -> Count:
    """Kill a publishing process."""
    count, last = Count(), -1
    with open_embedded(folder) as server:
        for _ in range(KILLS):
            command = (sys.executable, "-m", "benchmarks.kills", server.url, str(last + 1))
            with subprocess.Popen(command, stdout=subprocess.PIPE) as publisher:
                if publisher.stdout:
                    publisher.stdout.readline()
                time.sleep(rng.uniform(0.02, LONGEST_LIFE_SECONDS))
                publisher.kill()
            found, is_whole = found_in(server)
            count.kills += 1
            count.acknowledged += found - last
            count.lost += found < last
            count.torn += not is_whole
            last = found
    return count


def main() -> int:
    """Print the table; 1 when anything acknowledged was lost or anything was torn."""
    rng = random.Random(SEED)
    counts: dict[str, Count] = {}
    for name, kill in (("store", kill_servers), ("publisher", kill_publishers)):
        with tempfile.TemporaryDirectory() as folder:
            counts[name] = kill(Path(folder), rng)
    print("| killed | kills | publications | acknowledged and lost | torn snapshots |")
    print("|---|---|---|---|---|")
    for name, count in counts.items():
        print(f"| {name} | {count.kills} | {count.acknowledged} | {count.lost} | {count.torn} |")
    return int(any(count.lost or count.torn for count in counts.values()))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print("up", flush=True)
        publish_for_ever(sys.argv[1], start=int(sys.argv[2]), acknowledged=[])
    else:
        sys.exit(main())
