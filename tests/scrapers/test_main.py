"""The commands, over a hand-written recording and a real embedded store."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from scrapers import __main__ as command
from scrapers import report
from scrapers.provider import Provider
from scrapers.token_prices.registry import TOKEN_SOURCES
from service import logs, storage
from service.config import Settings
from service.domain.offer import Freshness
from service.facts.baseline import load_baseline, load_baseline_statuses
from tests.scrapers.nimbus import (
    HOST,
    a_keyed_provider,
    a_page,
    a_provider,
    a_row,
    a_zoned_provider,
)

RECORDED = "2026-08-22T00:00:00Z"
TOKEN_PAGES = Path(__file__).parents[1] / "providers" / "token_pages"
# The command with the tests' provider, which the program does not know.
PIPED = """
import sys
from scrapers import __main__ as command
from tests.scrapers.nimbus import a_provider
command.load_providers = lambda: {"nimbus": a_provider()}
command.run_as_program()
"""


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str


class Bench:
    """A recording, a data folder, and commands run against them."""

    def __init__(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.recording = folder / "recording"
        self.data = folder / "data"
        self.providers: dict[str, Provider] = {}
        self._capsys = capsys
        monkeypatch.setattr(command, "load_providers", lambda: self.providers)
        monkeypatch.setattr(command, "TOKEN_SOURCES", {})
        # The log of the tests is pytest's.
        monkeypatch.setattr(logs, "set_up", lambda _: None)

    def has(self, *providers: Provider) -> None:
        self.providers = {provider.id: provider for provider in providers}

    def records(self, pages: Mapping[str, str]) -> None:
        self.recording.mkdir()
        entries = []
        for number, (path, text) in enumerate(pages.items()):
            (self.recording / f"{number}.json").write_text(text)
            entry = {
                "url": f"{HOST}/{path}",
                "body": f"{number}.json",
                "content_type": "application/json",
                "observe_time": RECORDED,
            }
            entries.append(entry)
        (self.recording / "manifest.json").write_text(json.dumps(entries))

    def run(self, *arguments: str, **environ: str) -> Ended:
        environ = {"GPUQUOTE_DATA_DIR": str(self.data)} | environ
        self._capsys.readouterr()
        code = command.main(arguments, environ)
        printed = self._capsys.readouterr()
        return Ended(code, printed.out, printed.err)

    def replay(self, *arguments: str, **environ: str) -> Ended:
        return self.run(*arguments, "--replay", str(self.recording), **environ)


@pytest.fixture
def bench(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Bench:
    bench = Bench(tmp_path, monkeypatch, capsys)
    bench.has(a_provider())
    return bench


def test_once_collects_and_prints_a_table(bench: Bench) -> None:
    rows = [a_row(f"h{n}", count=str(n)) for n in (1, 2, 4, 8)]
    bench.records({"nimbus": a_page(*rows, a_row("x", gpu="Quantum 9000"))})
    ended = bench.replay("once")
    assert ended.code == 0
    (row,) = [line for line in ended.out.splitlines() if line.startswith("nimbus")][:1]
    assert row.split()[:3] == ["nimbus", "OK", "4"]
    assert "UNKNOWN_GPU 1" in row
    assert "\x1b" not in ended.out + ended.err
    assert "nimbus: OK, 4 offers" in ended.err


def test_show_prints_what_once_collected(bench: Bench) -> None:
    bench.records({"nimbus": a_page(a_row(region="par-1"))})
    bench.replay("once")
    ended = bench.replay("show", "nimbus")
    assert ended.code == 0
    (row,) = [line for line in ended.out.splitlines() if line.startswith("h100-sxm-80gb")]
    for cell in ("8", "ON_DEMAND", "par-1", "2.49", "19.92", "FRESH"):
        assert cell in row.split()
    assert "1 offers of nimbus" in ended.out
    assert "replayed" in ended.out


def test_json_is_for_programs(bench: Bench) -> None:
    bench.has(a_provider(), a_provider("shy", opt_in=True))
    bench.records({"nimbus": a_page(a_row())})
    answer = json.loads(bench.replay("once", "--json").out)
    (run,) = answer["runs"]
    assert run["provider"] == "nimbus"
    assert run["state"] == "SUCCEEDED"
    assert run["offerCount"] == 1
    assert run["bodyByteCount"] > 0
    assert run["replayed"]
    (off,) = answer["notAsked"]
    assert (off["provider"], off["providerState"]) == ("shy", "DISABLED")
    (offer,) = json.loads(bench.replay("show", "nimbus", "--json").out)["offers"]
    assert offer["pricePerGpuHour"] == "2.49"
    assert offer["gpuCount"] == "8"
    assert offer["freshness"] == "FRESH"


def test_a_provider_that_should_have_answered_gives_exit_code_1(bench: Bench) -> None:
    bench.has(a_provider(), a_provider("corona"))
    bench.records({"nimbus": a_page(a_row()), "corona": "<html>"})
    ended = bench.replay("once")
    assert ended.code == 1
    assert "corona: PAGE_CHANGED" in ended.out


def test_some_zones_are_enough(bench: Bench) -> None:
    bench.has(a_zoned_provider("paris", "warsaw"))
    bench.records({"paris": a_page(a_row())})
    ended = bench.replay("once")
    assert ended.code == 0
    assert "PARTIAL" in ended.out
    assert "missing warsaw" in ended.out


def test_a_replay_asks_only_providers_that_it_has_pages_of(bench: Bench) -> None:
    bench.has(a_provider(), a_provider("corona"))
    bench.records({"nimbus": a_page(a_row())})
    ended = bench.replay("once")
    assert ended.code == 0
    assert "corona" not in ended.out
    assert bench.replay("once", "corona").code == 1


def test_an_opt_in_provider_is_collected_when_named(bench: Bench) -> None:
    bench.has(a_provider(), a_provider("shy", opt_in=True))
    bench.records({"nimbus": a_page(a_row()), "shy": a_page(a_row())})
    ended = bench.replay("once")
    assert ended.code == 0
    assert "shy" not in ended.err
    assert "off unless named" in ended.out
    assert "shy: OK" in bench.replay("once", "shy").err
    assert "shy: OK" in bench.replay("once", GPUQUOTE_PROVIDERS="all").err


def test_a_missing_key_counts_only_when_its_provider_was_named(bench: Bench) -> None:
    bench.has(a_keyed_provider(variable="NIMBUS_KEY"))
    ended = bench.run("once")
    assert ended.code == 0
    assert "NEEDS_KEY" in ended.out
    assert "NIMBUS_KEY" in ended.out
    assert bench.run("once", "nimbus").code == 1


def test_an_unknown_provider_names_the_nearest(bench: Bench) -> None:
    bench.records({"nimbus": a_page(a_row())})
    for arguments in (("once", "nimbsu"), ("show", "nimbsu")):
        ended = bench.replay(*arguments)
        assert ended.code == 2
        assert "did you mean nimbus?" in ended.err
        assert len(ended.err.splitlines()) == 1
    assert bench.replay("once", GPUQUOTE_PROVIDERS="nimbsu").code == 2


def test_a_setting_with_a_typo_is_refused(bench: Bench) -> None:
    ended = bench.run("once", GPUQUOTE_REPLY="x")
    assert ended.code == 2
    assert "GPUQUOTE_REPLAY" in ended.err


@pytest.mark.parametrize("manifest", [None, "", "[", "{}", "[]", '[{"body": "x"}]'])
def test_a_broken_recording_is_one_clear_line(bench: Bench, manifest: str | None) -> None:
    if manifest is not None:
        bench.recording.mkdir()
        (bench.recording / "manifest.json").write_text(manifest)
    for arguments in (("once",), ("show", "nimbus"), ("baseline",), ("run",)):
        ended = bench.replay(*arguments)
        assert ended.code == 2
        assert ended.out == ""
        assert len(ended.err.splitlines()) == 1
        assert str(bench.recording) in ended.err


def test_live_commands_never_see_a_replay(bench: Bench) -> None:
    bench.records({"nimbus": a_page(a_row())})
    bench.replay("once")
    ended = bench.run("show", "nimbus")
    assert ended.code == 1
    assert "no offers of nimbus" in ended.err


def test_a_replay_leaves_a_named_live_store_alone(bench: Bench) -> None:
    bench.records({"nimbus": a_page(a_row())})
    ended = bench.replay("once", GPUQUOTE_REDIS_URL="redis://127.0.0.1:1")
    assert ended.code == 0


def test_a_store_out_of_reach_is_one_clear_line(bench: Bench) -> None:
    ended = bench.run("show", "nimbus", GPUQUOTE_REDIS_URL="redis://127.0.0.1:1")
    assert ended.code == 2
    assert "127.0.0.1:1" in ended.err
    assert len(ended.err.splitlines()) == 1


def test_the_baseline_has_the_dates_of_the_recording_and_no_opt_in_rows(
    bench: Bench, tmp_path: Path
) -> None:
    bench.has(a_provider(), a_provider("shy", opt_in=True), a_provider("corona"))
    bench.records({"nimbus": a_page(a_row()), "shy": a_page(a_row())})
    path = tmp_path / "baseline.jsonl"
    ended = bench.replay("baseline", "--output", str(path))
    assert ended.code == 0
    assert "1 offers" in ended.out
    (snapshot,) = load_baseline(path)
    (offer,) = snapshot.offers
    assert snapshot.provider == "nimbus"
    assert offer.observe_time.isoformat() == RECORDED.replace("Z", "+00:00")
    assert offer.standing.value == Freshness.BASELINE.value
    assert {status.provider for status in load_baseline_statuses(path)} == set(bench.providers)


@pytest.mark.parametrize("source", TOKEN_SOURCES)
def test_once_asks_the_sources_of_token_prices_as_well(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    monkeypatch.setattr(command, "TOKEN_SOURCES", TOKEN_SOURCES)
    bench.recording = TOKEN_PAGES / source
    (run,) = json.loads(bench.replay("once", source, "--json").out)["runs"]
    assert (run["provider"], run["state"]) == (source, "SUCCEEDED")
    assert run["offerCount"] > 0


def test_a_baseline_needs_a_recording(bench: Bench) -> None:
    ended = bench.run("baseline")
    assert ended.code == 2
    assert "--replay" in ended.err


def test_text_of_a_page_cannot_speak_to_the_terminal(bench: Bench) -> None:
    bench.records({"nimbus": a_page(a_row(), a_row("x", gpu="[red]\x1b[31mboo"))})
    ended = bench.replay("once", "--json")
    assert "\x1b" not in ended.out
    assert "\x1b" not in bench.replay("once").out


def test_run_ends_quickly_on_a_signal_and_leaves_nothing(bench: Bench) -> None:
    bench.records({"nimbus": a_page(a_row())})
    environ = {
        **os.environ,
        "GPUQUOTE_DATA_DIR": str(bench.data),
        "GPUQUOTE_REPLAY": str(bench.recording),
        "GPUQUOTE_METRICS_PORT": "0",
        "GPUQUOTE_LOG_LEVEL": "INFO",
    }
    with subprocess.Popen(
        [sys.executable, "-m", "scrapers", "run"],
        env=environ,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(command.__file__).parents[1],
    ) as process:
        assert process.stderr
        lines = iter(process.stderr.readline, "")
        assert any('"leading"' in line for line in lines)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=5) == 0
    settings = Settings.from_env({"GPUQUOTE_DATA_DIR": str(bench.data)})
    (folder,) = bench.data.iterdir()
    with storage.open_store(settings, folder) as store:
        # The lease was given back, and the server of the run is gone: this one is our own.
        assert store.acquire(holder="next", length=timedelta(seconds=1))
        assert len(store.statuses()) > 1


def test_a_recording_of_no_provider_that_is_on_is_one_clear_line(bench: Bench) -> None:
    bench.has(a_provider("shy", opt_in=True))
    bench.records({"shy": a_page(a_row())})
    ended = bench.replay("once")
    assert ended.code == 2
    assert "no page of a provider that is on" in ended.err
    assert len(ended.err.splitlines()) == 1


def test_a_taken_metrics_port_names_its_setting(bench: Bench) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ended = bench.run("run", GPUQUOTE_METRICS_PORT=str(taken.getsockname()[1]))
    assert ended.code == 2
    assert "GPUQUOTE_METRICS_PORT" in ended.err
    assert len(ended.err.splitlines()) == 1


@pytest.mark.parametrize("arguments", [("show", "nimbus"), ("show", "nimbus", "--json")])
def test_nobody_who_reads_on_is_no_failure_of_a_provider(
    bench: Bench, arguments: tuple[str, ...]
) -> None:
    rows = [a_row(f"h{n}", region="r" * 200) for n in range(300)]
    bench.records({"nimbus": a_page(*rows)})
    bench.replay("once")
    with subprocess.Popen(
        [sys.executable, "-c", PIPED, *arguments, "--replay", str(bench.recording)],
        env={**os.environ, "GPUQUOTE_DATA_DIR": str(bench.data)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=Path(command.__file__).parents[1],
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=10) == command.NOBODY_READS


def test_a_narrow_terminal_gets_whole_prices(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "_WIDTH_WITHOUT_TERMINAL", 80)
    bench.records({"nimbus": a_page(a_row("a very long name of an instance, indeed"))})
    bench.replay("once")
    out = bench.replay("show", "nimbus").out
    (row,) = [line for line in out.splitlines() if line.startswith("h100-sxm-80gb")]
    assert {"h100-sxm-80gb", "8", "ON_DEMAND", "2.49", "19.92"} <= set(row.split())
    assert "region" not in out
    assert "freshness" not in out
    assert max(map(len, out.splitlines())) <= 80


def test_what_can_be_no_key_is_one_clear_line_that_does_not_show_it(bench: Bench) -> None:
    bench.has(a_keyed_provider(variable="NIMBUS_KEY"))
    ended = bench.run("once", NIMBUS_KEY="sk-live 0123456789")
    assert (ended.code, ended.out) == (2, "")
    assert "NIMBUS_KEY" in ended.err
    assert "sk-live" not in ended.err
    assert len(ended.err.splitlines()) == 1


def test_ctrl_c_while_the_command_is_read_ends_without_a_traceback(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "_parser", interrupted)
    ended = bench.run("once")
    assert (ended.code, ended.out, ended.err) == (130, "", "")


def test_show_says_that_a_reader_was_never_held_to_a_page(bench: Bench) -> None:
    bench.records({"nimbus": a_page(a_row())})
    bench.replay("once")
    assert "unverified" not in bench.replay("show", "nimbus").out
    bench.has(a_provider(unverified=True))
    bench.replay("once")
    assert "unverified" in bench.replay("show", "nimbus").out
