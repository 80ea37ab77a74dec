"""The commands of the service: `python -m service up | grpc | gateway | check | export`."""

import signal

if __name__ == "__main__":
    # Ctrl-C while the rest is imported ends us without a word instead of a traceback.
    signal.signal(signal.SIGINT, signal.SIG_DFL)

import argparse
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from service import logs
from service.config import Settings, SettingsError, add_flags, with_flags

if TYPE_CHECKING:
    from service.rest.caching import Wsgi

EXIT_UNUSABLE = 2

# Each is a module with `run` and `FAULTS`, imported only when it is asked for: a gateway or a
# gRPC service takes a second to import, which the supervisor of both need not wait for.
COMMANDS: Mapping[str, tuple[str, str]] = {
    "up": ("service.up", "everything: store, collector, gRPC, REST"),
    "grpc": ("service.serve_grpc", "the gRPC service alone"),
    "gateway": ("service.serve_rest", "the REST gateway alone"),
    "check": ("service.check", "exit 0 when that part answers; for health checks"),
    "export": ("service.export", "write the history as Parquet, a folder for each day"),
}


def main(arguments: list[str], environ: Mapping[str, str]) -> int:
    """Run one command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m service", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, (_, about) in COMMANDS.items():
        command_parser = commands.add_parser(name, help=about, description=about)
        add_flags(command_parser)
        if name == "check":
            command_parser.add_argument("part", choices=("rest", "grpc", "metrics"))
        if name == "export":
            command_parser.add_argument("--to", required=True, type=Path, metavar="DIR")
            command_parser.add_argument("--since", default="", metavar="YYYY-MM-DD")
    given = parser.parse_args(arguments)
    environ = with_flags(environ, given)
    try:
        settings = Settings.from_env(environ)
    except SettingsError as error:
        return refuse(error)
    logs.set_up(settings.log_level)
    command = import_module(COMMANDS[given.command][0])
    try:
        if given.command == "check":
            return int(command.run(settings, given.part))
        if given.command == "export":
            store_dir = store_dir_of(settings)
            return int(command.run(settings, store_dir=store_dir, to=given.to, since=given.since))
        return int(command.run(settings, store_dir=store_dir_of(settings), environ=environ))
    except (*command.FAULTS, SettingsError, OSError) as error:
        return refuse(error)


def refuse(error: Exception) -> int:
    """Say in one line why nothing was started."""
    print(f"gpuquote: {error}", file=sys.stderr)
    return EXIT_UNUSABLE


def store_dir_of(settings: Settings) -> Path:
    """Return the folder of the store: a replay has one of its own, which live runs never read.

    Raises SettingsError when the replay cannot be read.
    """
    if settings.replay is None:
        return settings.data_dir
    from scrapers.replay import ReplayBroken, ReplayFetcher  # noqa: PLC0415 - only replays

    try:
        replay = ReplayFetcher.open(settings.replay, now=lambda: datetime.now(UTC))
    except ReplayBroken as error:
        raise SettingsError(str(error)) from error
    return settings.store_dir(replay.manifest_digest)


def build_gateway() -> "Wsgi":
    """Build the gateway of one worker process of granian, from the environment."""
    from service import serve_rest  # noqa: PLC0415 - not for the other commands

    settings = Settings.from_env(os.environ)
    logs.set_up(settings.log_level)
    return serve_rest.build(settings, store_dir_of(settings))


def run() -> NoReturn:
    """Run as a program."""
    sys.exit(main(sys.argv[1:], os.environ))


if __name__ == "__main__":
    run()
