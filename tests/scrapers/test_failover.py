"""A leader that is suspended in the middle of publishing, longer than its lease: real processes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scrapers.schedule import Scheduler
from scrapers.selection import choose
from service.domain.change import Change
from service.domain.provider import ProviderSnapshot
from service.store.embedded import EmbeddedServer, open_embedded
from service.store.ports import PublishOutcome
from service.store.redis_store import RedisStore
from tests.scrapers.nimbus import HOST, a_collector, a_page, a_provider, a_row

pytestmark = pytest.mark.redis

ROOT = Path(__file__).parents[2]
LEASE = timedelta(seconds=1)
EVERY = timedelta(seconds=0.3)


class SuspendedBeforePublishing(RedisStore):
    """A store that suspends its whole process once, with a publication in its hands."""

    flag: Path
    outcomes: Path

    def publish(
        self,
        snapshot: ProviderSnapshot,
        *,
        previous_id: str,
        changes: tuple[Change, ...],
        fence: int,
    ) -> PublishOutcome:
        if self.flag.exists():
            self.flag.rename(self.flag.with_suffix(".taken"))
            os.kill(os.getpid(), signal.SIGSTOP)
        outcome = super().publish(snapshot, previous_id=previous_id, changes=changes, fence=fence)
        with self.outcomes.open("a") as file:
            file.write(f"{snapshot.snapshot_id} {fence} {outcome.value}\n")
        return outcome


def collect_for_ever(url: str, folder: str, price: str) -> None:
    """Be a collector of one provider; runs in a process of its own."""
    store = SuspendedBeforePublishing.connect(url)
    store.flag, store.outcomes = Path(folder) / "suspend", Path(folder) / "outcomes"
    provider = a_provider(every=EVERY)
    answers = {f"{HOST}/{provider.id}": a_page(a_row(price=price))}
    scheduler = Scheduler(
        store=store,
        collector=a_collector(store, answers, clock=lambda: datetime.now(UTC)),  # type: ignore[arg-type]
        choices=choose({provider.id: provider}, enabled=(), keys=frozenset()),
        holder=folder,
        lease_length=LEASE,
        clock=lambda: datetime.now(UTC),
        first_runs_within=timedelta(milliseconds=10),
    )
    scheduler.start()
    time.sleep(60)


def start(url: str, folder: Path, *, price: str) -> "subprocess.Popen[bytes]":
    folder.mkdir()
    code = (
        "import sys; from tests.scrapers.test_failover import collect_for_ever;"
        "collect_for_ever(*sys.argv[1:])"
    )
    return subprocess.Popen([sys.executable, "-c", code, url, folder, price], cwd=ROOT)


def outcomes_of(folder: Path) -> list[tuple[str, int, str]]:
    path = folder / "outcomes"
    lines = path.read_text().splitlines() if path.exists() else []
    return [(words[0], int(words[1]), words[2]) for words in map(str.split, lines)]


def wait_for(claim: Callable[[], object]) -> None:
    end = time.monotonic() + 20
    while not claim():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedServer]:
    """Run a server of its own: in a shared one, another test's lease may still hold."""
    with open_embedded(tmp_path / "store") as opened:
        yield opened


def test_a_leader_that_wakes_up_after_its_lease_publishes_nothing(
    server: EmbeddedServer, tmp_path: Path
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    processes = [start(server.url, first, price="2.49")]
    try:
        wait_for(lambda: outcomes_of(first))
        processes.append(start(server.url, second, price="2.50"))
        (first / "suspend").touch()
        wait_for((first / "suspend.taken").exists)
        wait_for(lambda: len(outcomes_of(second)) >= 2)
        before = len(outcomes_of(first))
        os.kill(processes[0].pid, signal.SIGCONT)
        wait_for(lambda: len(outcomes_of(first)) > before)
        count = len(outcomes_of(second))
        wait_for(lambda: len(outcomes_of(second)) > count + 1)
        with RedisStore.connect(server.url) as store:
            current = store.snapshot("nimbus")
    finally:
        for process in processes:
            process.kill()
            process.wait()

    woken = outcomes_of(first)[before:]
    led = outcomes_of(second)
    assert [outcome for _, _, outcome in woken] == ["fenced"]
    assert woken[0][1] < min(fence for _, fence, _ in led)
    assert {outcome for _, _, outcome in led} == {"published"}
    assert current is not None
    assert current.snapshot_id in {snapshot_id for snapshot_id, _, _ in led}
