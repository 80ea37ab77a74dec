"""Collect GPU prices: run | once | show | record | baseline.

`once` and `show` work beside the running program, through its store, or alone. While a collector
leads, `once` asks it to run and waits; it then collects only the providers that it has enabled. A
replay has a store of its own, which live runs never read.
"""

import signal

if __name__ == "__main__":
    # Ctrl-C while the rest is imported ends us without a word instead of a traceback.
    signal.signal(signal.SIGINT, signal.SIG_DFL)

import argparse
import logging
import os
import sys
import threading
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

from scrapers.baseline import baseline_offers, baseline_providers
from scrapers.collect import Collector
from scrapers.exchange_rates import RateCollector
from scrapers.fetch import HttpFetcher
from scrapers.fetcher import Fetcher
from scrapers.keys import BadKey, Secret, keys_of_environment
from scrapers.leadership import new_holder
from scrapers.normalize import Normalizer
from scrapers.once import collect_now
from scrapers.parsing import InWorkers, Parsing
from scrapers.provider import Provider
from scrapers.record import PAGES_PATH, FolderTaken, Recording, RecordingFailed, record_pages
from scrapers.registry import load_providers
from scrapers.replay import ReplayBroken, ReplayFetcher
from scrapers.report import (
    ShownProgress,
    bytes_text,
    offers_json,
    print_offers,
    print_runs,
    runs_json,
)
from scrapers.schedule import Scheduler
from scrapers.selection import Choice, UnknownProvider, choose, named
from scrapers.token_prices.registry import TOKEN_SOURCES
from scrapers.token_prices.report import print_token_prices, token_prices_json
from service import logs, metrics, storage
from service.config import Settings, SettingsError, add_flags, with_flags
from service.domain.provider import ProviderSnapshot
from service.domain.run import CollectionRun, RunState
from service.facts.baseline import BASELINE_PATH, load_baseline, write_baseline
from service.facts.tables import load_exchange_rates, load_gpu_registry
from service.stopping import stop_on_signals
from service.store.embedded import ServerFailed
from service.store.memory_store import MemoryStore
from service.store.newest_rates import NewestRates
from service.store.ports import NewerSchema, Store, StoreUnreachable, UnreadableSnapshot
from service.store.redis_link import BadStoreUrl, UnsuitableStore

OK = 0
FAILED = 1
UNUSABLE = 2
INTERRUPTED = 130
NOBODY_READS = 141


class Unusable(Exception):
    """The command cannot be carried out as given; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What every command starts from."""

    settings: Settings
    providers: Mapping[str, Provider]
    fetcher: Fetcher
    store_dir: Path
    keys: frozenset[str]

    @property
    def usable_keys(self) -> frozenset[str] | None:
        """The variables that are set; None for a replay, which needs none."""
        return None if self.replays else self.keys

    @property
    def replays(self) -> bool:
        """Whether pages come from recordings."""
        return self.settings.replay is not None

    def choices(self) -> tuple[Choice, ...]:
        """Decide which providers are on. Raises UnknownProvider."""
        return choose(
            self.providers,
            enabled=self.settings.providers,
            keys=self.usable_keys,
        )

    def collector(
        self,
        store: Store,
        *,
        baseline: Iterable[ProviderSnapshot] = (),
        parsing: Parsing | None = None,
    ) -> Collector:
        """Build a collector that publishes to `store`."""
        registry = load_gpu_registry()
        return Collector(
            store=store,
            fetcher=self.fetcher,
            normalizer=Normalizer(
                registry=registry,
                rates=NewestRates(store, bundled=load_exchange_rates(), clock=storage.utc_now),
            ),
            registry=registry,
            clock=storage.utc_now,
            replayed=self.replays,
            keys=self.usable_keys,
            baseline=baseline,
            parsing=parsing,
            token_sources=TOKEN_SOURCES,
        )


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run one command; returns its exit code."""
    try:
        given = _parser().parse_args(arguments)
        settings = Settings.from_env(with_flags(environ, given))
        logs.set_up(settings.log_level)
        setup = _set_up(settings, environ)
        return COMMANDS[given.command](setup, given)
    except BrokenPipeError:
        # Python would try again to print what is left when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return NOBODY_READS
    except (
        BadKey,
        BadStoreUrl,
        FolderTaken,
        NewerSchema,
        OSError,
        ReplayBroken,
        ServerFailed,
        SettingsError,
        StoreUnreachable,
        UnknownProvider,
        UnreadableSnapshot,
        UnsuitableStore,
        Unusable,
    ) as error:
        print(f"gpuquote: {error}", file=sys.stderr)
        return UNUSABLE
    except KeyboardInterrupt:
        return INTERRUPTED


def run(setup: Setup, _: argparse.Namespace) -> int:
    """Run the scheduler until a signal comes."""
    stop = threading.Event()
    stop_on_signals(stop)
    # Its every step at INFO would bury our own one line a run.
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    settings = setup.settings
    with storage.open_store(settings, setup.store_dir) as store, InWorkers() as parsing:
        scheduler = Scheduler(
            store=store,
            collector=setup.collector(store, baseline=load_baseline(), parsing=parsing),
            choices=setup.choices(),
            holder=new_holder(),
            lease_length=timedelta(seconds=settings.lease_seconds),
            clock=storage.utc_now,
            replayed=setup.replays,
            rates=RateCollector(
                store=store,
                fetcher=setup.fetcher,
                bundled=load_exchange_rates(),
                clock=storage.utc_now,
            ),
        )
        stop_metrics = metrics.serve(settings.metrics_port)
        scheduler.start()
        stop.wait()
        scheduler.stop()
        stop_metrics()
    return OK


def once(setup: Setup, given: argparse.Namespace) -> int:
    """Collect now; exit code 1 when a provider that should have answered did not."""
    choices = setup.choices()
    with _own_store(setup) as store:
        collector = setup.collector(store, baseline=load_baseline())
        asked, off = _asked(setup, choices, names=given.provider, collector=collector)
        if setup.replays and not asked:
            raise Unusable(f"{setup.settings.replay} has no page of a provider that is on")
        with ShownProgress(asked) as progress:
            runs = collect_now(
                asked,
                store=store,
                collector=collector,
                lease_length=timedelta(seconds=setup.settings.lease_seconds),
                on_step=progress.on_step,
                on_end=progress.on_end,
                on_wait=progress.on_wait,
            )
    if given.json:
        print(runs_json(runs, off).decode())
    else:
        print_runs(runs, off, stream=sys.stdout)
    named_but_off = any(choice.provider.id in given.provider for choice in off)
    return OK if all(map(_answered, runs.values())) and not named_but_off else FAILED


def show(setup: Setup, given: argparse.Namespace) -> int:
    """Print the offers of one provider as they stand in the store."""
    provider = named(setup.providers, given.provider)
    with _own_store(setup) as store:
        books = {book.source: book for book in store.model_price_books()}
        snapshot = store.snapshot(provider.id)
        status = store.statuses().get(provider.id)
    if provider.id in books:
        book = books[provider.id]
        if given.json:
            print(token_prices_json(book).decode())
        else:
            print_token_prices(book, stream=sys.stdout)
        return OK
    if snapshot is None:
        state = status.state.value if status else "never collected"
        print(f"gpuquote: no offers of {provider.id} ({state})", file=sys.stderr)
        return FAILED
    now = storage.utc_now()
    if given.json:
        print(offers_json(snapshot, now=now).decode())
    else:
        print_offers(snapshot, now=now, stream=sys.stdout)
    return OK


def record(setup: Setup, given: argparse.Namespace) -> int:
    """Record a provider's live pages; exit code 1, and nothing written, when one did not come."""
    if setup.replays:
        raise Unusable("record asks for live pages: unset GPUQUOTE_REPLAY and --replay")
    provider = named(setup.providers, given.provider)
    (choice,) = choose({provider.id: provider}, enabled=["all"], keys=setup.keys)
    if not choice.is_on:
        raise Unusable(f"{provider.id} {choice.detail}")
    try:
        recording = record_pages(
            provider,
            fetcher=setup.fetcher,
            folder=given.output or PAGES_PATH / provider.id,
            on_page=lambda page: print(f"asked {page.url}", file=sys.stderr),
            keys=setup.keys,
        )
    except RecordingFailed as error:
        print(f"gpuquote: {provider.id}: nothing recorded: {error}", file=sys.stderr)
        return FAILED
    _print_recording(recording, provider)
    return OK


def baseline(setup: Setup, given: argparse.Namespace) -> int:
    """Write the bundled baseline from recorded pages."""
    if not setup.replays:
        raise Unusable("baseline needs recorded pages: --replay DIR")
    collector = setup.collector(MemoryStore())
    sellers = load_providers()
    offers, counts = baseline_offers(sellers, collector=collector)
    if not offers:
        raise Unusable("the recordings hold no offers of our providers")
    write_baseline(given.output, offers, providers=baseline_providers(sellers))
    for provider, count in counts.items():
        print(f"{provider:<16} {count:>6} offers")
    print(f"{len(offers)} offers in {given.output}")
    return OK


COMMANDS = {"run": run, "once": once, "show": show, "record": record, "baseline": baseline}


def _print_recording(recording: Recording, provider: Provider) -> None:
    for name, size in recording.bodies:
        print(f"{name:<40} {bytes_text(size):>10}")
    print(
        f"{recording.row_count} rows and {recording.reject_count} rejects in {recording.folder};"
        f" keep facts only, about a dozen rows and every odd one, then: make golden P={provider.id}"
    )
    for note in recording.notes:
        print(f"gpuquote: {note}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m scrapers",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)

    def add(name: str, *, takes: str = "", about: str) -> argparse.ArgumentParser:
        # The flags of all settings in every usage line would bury what a command takes.
        usage = " ".join(filter(None, ("%(prog)s", takes, "[SETTINGS]")))
        added = commands.add_parser(name, usage=usage, help=about, description=about)
        add_flags(added)
        return added

    add("run", about="run the scheduler until a signal comes")
    collect = add(
        "once", takes="[PROVIDER ...] [--json]", about="collect now and print how it went"
    )
    collect.add_argument("provider", nargs="*", help="ids; none: all that are enabled")
    shown = add("show", takes="PROVIDER [--json]", about="print the offers of one provider")
    shown.add_argument("provider", help="its id")
    for command in (collect, shown):
        command.add_argument("--json", action="store_true", help="print JSON")
    recorded = add(
        "record", takes="PROVIDER [--output DIR]", about="record a provider's live pages"
    )
    recorded.add_argument("provider", help="its id")
    recorded.add_argument(
        "--output", type=Path, help="folder to write [tests/providers/pages/PROVIDER]"
    )
    written = add(
        "baseline", takes="--replay DIR [--output FILE]", about="write the bundled baseline"
    )
    written.add_argument("--output", type=Path, default=BASELINE_PATH, help="file to write")
    return parser


def _set_up(settings: Settings, environ: Mapping[str, str]) -> Setup:
    tokens = {name: source.provider for name, source in TOKEN_SOURCES.items()}
    providers = {**load_providers(), **tokens}
    fetcher: Fetcher
    digest = ""
    keys: Mapping[str, Secret] = {}
    if settings.replay:
        fetcher = replay = ReplayFetcher.open(settings.replay, now=storage.utc_now)
        digest = replay.manifest_digest
    else:
        variables = {name for each in providers.values() for name in each.key_variables}
        keys = keys_of_environment(environ, variables=variables)
        fetcher = _live_fetcher(settings, keys)
    return Setup(
        settings=settings,
        providers={name: each.with_keys(keys) for name, each in providers.items()},
        fetcher=fetcher,
        store_dir=settings.store_dir(digest),
        keys=frozenset(keys),
    )


def _live_fetcher(settings: Settings, keys: Mapping[str, Secret]) -> Fetcher:
    try:
        return HttpFetcher(contact=settings.contact, now=storage.utc_now, keys=keys)
    except ValueError as error:
        raise SettingsError(f"GPUQUOTE_CONTACT: {error}") from error


def _own_store(setup: Setup) -> AbstractContextManager[Store]:
    """Open the store; a replay never writes to a store that was named for live prices."""
    settings = replace(setup.settings, redis_url="") if setup.replays else setup.settings
    return storage.open_store(settings, setup.store_dir)


def _asked(
    setup: Setup, choices: Sequence[Choice], *, names: Sequence[str], collector: Collector
) -> tuple[list[Provider], list[Choice]]:
    """Return the providers to collect, and those to show as off.

    Naming a provider turns an opt-in one on; a missing key it cannot replace.
    """
    if names:
        wanted = {named(setup.providers, name).id for name in names}
        keyless = choose(
            {name: setup.providers[name] for name in wanted},
            enabled=["all"],
            keys=setup.usable_keys,
        )
        return [c.provider for c in keyless if c.is_on], [c for c in keyless if not c.is_on]
    on = [choice.provider for choice in choices if choice.is_on]
    if setup.replays:
        on = [provider for provider in on if collector.has_recording(provider)]
    return on, [choice for choice in choices if not choice.is_on]


def _answered(run: CollectionRun) -> bool:
    return run.state in {RunState.SUCCEEDED, RunState.PARTIAL}


def run_as_program() -> NoReturn:
    """Run with the arguments and the environment of this process."""
    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.default_int_handler)
        code = main(sys.argv[1:], os.environ)
        # What is left to do takes a moment, and must not end in a traceback.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    except KeyboardInterrupt:
        code = INTERRUPTED
    sys.exit(code)


if __name__ == "__main__":
    run_as_program()
