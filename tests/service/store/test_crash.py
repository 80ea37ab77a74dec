"""Kills at random moments: nothing acknowledged is lost, nothing is ever half there."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from service.domain.provider import ProviderSnapshot
from service.store.embedded import open_embedded
from service.store.ports import PublishOutcome, StoreUnreachable
from service.store.redis_store import RedisStore
from tests.builders import a_snapshot, an_offer
from tests.service.store.contract import publish
from tests.service.store.quote_contract import DIGEST, a_quote

pytestmark = pytest.mark.redis

ROOT = Path(__file__).parents[3]
OFFERS = 40


def generation(number: int) -> ProviderSnapshot:
    """Make a snapshot whose every offer carries its number, so that a mixture shows."""
    offers = (an_offer(offer_id=f"o{i}", price=f"{number + 1}") for i in range(OFFERS))
    return a_snapshot(*offers, snapshot_id=f"s{number}")


def number_of(snapshot: ProviderSnapshot) -> int:
    """Return the number of a generation, and prove that it is whole."""
    number = int(snapshot.snapshot_id[1:])
    assert snapshot == generation(number)
    return number


def publish_until_it_fails(url: str, *, start: int, acknowledged: list[int]) -> None:
    with RedisStore.connect(url) as store:
        current = store.snapshot("nimbus")
        for number in range(start, start + 100_000):
            following = generation(number)
            try:
                outcome = publish(store, following, previous=current)
            except StoreUnreachable:
                return
            assert outcome is PublishOutcome.PUBLISHED
            acknowledged.append(number)
            current = following


def test_a_killed_server_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    randomness = random.Random(7)  # noqa: S311 - moments of kills
    last = -1
    for _ in range(3):
        acknowledged: list[int] = []
        with open_embedded(tmp_path) as server:
            publisher = threading.Thread(
                target=publish_until_it_fails,
                args=(server.url,),
                kwargs={"start": last + 1, "acknowledged": acknowledged},
            )
            publisher.start()
            time.sleep(randomness.uniform(0.1, 0.2))
            os.kill(server.pid, signal.SIGKILL)
            publisher.join()
        assert acknowledged
        with open_embedded(tmp_path) as server, RedisStore.connect(server.url) as store:
            found = store.snapshot("nimbus")
            assert found is not None
            last = number_of(found)
            # One more may have been stored than was acknowledged.
            assert last in {acknowledged[-1], acknowledged[-1] + 1}
            assert store.position() != "0-0"
            # Every offer's history ends with the price of the snapshot, and no offer is ahead.
            lengths = {len(store.price_points(f"o{i}")) for i in range(OFFERS)}
            assert lengths == {last + 1}
            assert store.price_points("o0")[-1][1] == (last + 1) * 10**9


def test_a_store_comes_back_with_its_server(tmp_path: Path) -> None:
    with open_embedded(tmp_path) as server, RedisStore.connect(server.url) as store:
        publish(store, generation(0))
        os.kill(server.pid, signal.SIGKILL)
        # The successor waits until the kernel has ended the killed one.
        with open_embedded(tmp_path) as successor:
            assert not successor.is_shared
            assert store.snapshot("nimbus") == generation(0)
            outcome = publish(store, generation(1), previous=generation(0))
            assert outcome is PublishOutcome.PUBLISHED
        with pytest.raises(StoreUnreachable):
            store.pointers()


@pytest.mark.parametrize("cut", [1, 7, 200, 3000])
def test_a_log_cut_short_still_gives_a_whole_snapshot(tmp_path: Path, cut: int) -> None:
    with open_embedded(tmp_path) as server, RedisStore.connect(server.url) as store:
        for number in range(20):
            publish(store, generation(number), previous=generation(number - 1) if number else None)
        os.kill(server.pid, signal.SIGKILL)
    (log,) = (tmp_path / "appendonlydir").glob("*.incr.aof")
    os.truncate(log, log.stat().st_size - cut)
    with open_embedded(tmp_path) as server, RedisStore.connect(server.url) as store:
        found = store.snapshot("nimbus")
        assert found is not None
        assert 15 < number_of(found) < 19
        assert len(store.price_points("o39")) == number_of(found) + 1


def test_a_killed_publisher_leaves_the_old_or_the_new(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from tests.service.store.test_crash import publish_until_it_fails\n"
        "print('up', flush=True)\n"
        "publish_until_it_fails(sys.argv[1], start=int(sys.argv[2]), acknowledged=[])\n"
    )
    seen: list[int] = []
    with (
        open_embedded(tmp_path) as server,
        RedisStore.connect(server.url, op_timeout_seconds=5) as store,
    ):
        for _ in range(3):
            start = number_of(found) + 1 if (found := store.snapshot("nimbus")) else 0
            with subprocess.Popen(
                [sys.executable, "-c", code, server.url, str(start)],
                stdout=subprocess.PIPE,
                cwd=ROOT,
            ) as publisher:
                assert publisher.stdout is not None
                publisher.stdout.readline()
                end = time.monotonic() + 0.25
                while time.monotonic() < end:
                    snapshot = store.snapshot("nimbus")
                    if snapshot is not None:
                        seen.append(number_of(snapshot))
                publisher.kill()
            snapshot = store.snapshot("nimbus")
            assert snapshot is not None
            seen.append(number_of(snapshot))
    assert seen == sorted(seen)
    assert len(set(seen)) > 10


def quote_until_it_fails(url: str, *, start: int, acknowledged: list[int]) -> None:
    with RedisStore.connect(url, op_timeout_seconds=5) as store:
        for number in range(start, start + 100_000):
            try:
                standing = store.create_quote(
                    a_quote(number), request_id=f"r{number}", digest=DIGEST
                )
            except StoreUnreachable:
                return
            assert standing is None
            acknowledged.append(number)


def test_a_killed_server_loses_no_quote_that_was_acknowledged(tmp_path: Path) -> None:
    randomness = random.Random(11)  # noqa: S311 - moments of kills
    known: list[int] = []
    for _ in range(2):
        acknowledged: list[int] = []
        with open_embedded(tmp_path) as server:
            start = known[-1] + 2 if known else 0
            creator = threading.Thread(
                target=quote_until_it_fails,
                args=(server.url,),
                kwargs={"start": start, "acknowledged": acknowledged},
            )
            creator.start()
            time.sleep(randomness.uniform(0.1, 0.2))
            os.kill(server.pid, signal.SIGKILL)
            creator.join()
        assert acknowledged
        known.extend(acknowledged)
        with open_embedded(tmp_path) as server, RedisStore.connect(server.url) as store:
            for number in known:
                quote = a_quote(number)
                assert store.find_quote(quote.head.quote_id) == quote.document
                made = store.find_request(f"r{number}")
                assert made is not None
                assert made.quote_id == quote.head.quote_id
            heads = store.quotes(before="", limit=100_000)
            # One more of each round may have been stored than was acknowledged.
            assert {a_quote(number).head for number in known} <= set(heads)
            assert len(heads) <= len(known) + 2
