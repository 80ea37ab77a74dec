"""The commands of the service: `python -m service up | grpc | gateway | check`."""

import argparse
import os
import signal
import sys
import threading
import urllib.request
from collections.abc import Callable, Mapping
from typing import NoReturn

import granian
import grpc
from granian.constants import Interfaces
from granian.http import HTTP1Settings
from grpc_health.v1 import health_pb2, health_pb2_grpc

from scrapers.replay import ReplayBroken, ReplayFetcher
from service import logs, metrics, storage, up, wiring
from service.config import Settings, SettingsError, add_flags, with_flags
from service.launch import end_with_parent
from service.rest.caching import Wsgi
from service.rpc.server import GrpcServer, PortTaken
from service.store.embedded import DataDirBusy, ServerFailed
from service.store.redis_link import BadStoreUrl, UnsuitableStore

HEADERS_WITHIN_MILLISECONDS = 5_000
MOST_CONNECTIONS_WAITING = 512
DRAIN_SECONDS = 5.0
EXIT_FAILED = 1
EXIT_UNUSABLE = 2


def main(arguments: list[str], environ: Mapping[str, str]) -> int:
    """Run one command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m service", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, about in (
        ("up", "everything: store, collector, gRPC, REST"),
        ("grpc", "the gRPC service alone"),
        ("gateway", "the REST gateway alone"),
    ):
        add_flags(commands.add_parser(name, help=about, description=about))
    check = commands.add_parser("check", help="exit 0 when that part answers; for health checks")
    check.add_argument("part", choices=("rest", "grpc", "metrics"))
    add_flags(check)
    given = parser.parse_args(arguments)
    environ = with_flags(environ, given)
    try:
        settings = Settings.from_env(environ)
        logs.set_up(settings.log_level)
        if given.command == "check":
            return EXIT_FAILED if not CHECKS[given.part](settings) else 0
        run = {"up": run_up, "grpc": run_grpc, "gateway": run_gateway}[given.command]
        run(settings, environ)
    except (
        BadStoreUrl,
        DataDirBusy,
        OSError,
        PortTaken,
        ReplayBroken,
        ServerFailed,
        SettingsError,
        UnsuitableStore,
        up.CannotStart,
    ) as error:
        print(f"gpuquote: {error}", file=sys.stderr)
        return EXIT_UNUSABLE
    return 0


def run_up(settings: Settings, environ: Mapping[str, str]) -> None:
    """Run everything until a signal comes."""
    if settings.replay and settings.redis_url:
        raise SettingsError(
            "GPUQUOTE_REPLAY keeps its prices in a store of its own; unset GPUQUOTE_REDIS_URL"
        )
    up.up(
        settings, data_dir=storage.data_dir_of(settings, _replay_digest(settings)), environ=environ
    )


def _replay_digest(settings: Settings) -> str:
    if settings.replay is None:
        return ""
    return ReplayFetcher.open(settings.replay, now=storage.utc_now).manifest_digest


def run_grpc(settings: Settings, _: Mapping[str, str]) -> None:
    """Serve gRPC until a signal comes."""
    stop = _stop_on_signal()
    data_dir = storage.data_dir_of(settings, _replay_digest(settings))
    with storage.open_store(settings, data_dir) as store:
        service = wiring.build_service(settings, store, encode=wiring.encode_for_grpc)
        service.replica.start()
        server = GrpcServer(
            service.dispatcher,
            readiness=service.replica.readiness,
            host=settings.host,
            port=settings.grpc_port,
        )
        server.start()
        stop_metrics = metrics.serve(settings.metrics_port)
        stop.wait()
        server.stop(DRAIN_SECONDS)
        service.replica.stop()
        stop_metrics()


def run_gateway(settings: Settings, _: Mapping[str, str]) -> None:
    """Serve REST until a signal comes; the worker process builds the application."""
    stop_metrics = metrics.serve(settings.metrics_port)
    granian.Granian(
        "service.__main__:build_gateway",
        factory=True,
        address=settings.host,
        port=settings.rest_port,
        interface=Interfaces.WSGI,
        blocking_threads=settings.gateway_threads,
        backpressure=MOST_CONNECTIONS_WAITING,
        http1_settings=HTTP1Settings(header_read_timeout=HEADERS_WITHIN_MILLISECONDS),
        websockets=False,
        log_enabled=settings.log_level == "DEBUG",
        respawn_failed_workers=True,
    ).serve()
    stop_metrics()


def build_gateway() -> Wsgi:
    """Build the gateway of one worker process, from the environment."""
    end_with_parent()
    settings = Settings.from_env(os.environ)
    logs.set_up(settings.log_level)
    data_dir = storage.data_dir_of(settings, _replay_digest(settings))
    return wiring.build_gateway(settings, data_dir)


def check_rest(settings: Settings) -> bool:
    """Whether REST answers at all; readiness is for load balancers, not for restarts."""
    try:
        url = f"http://127.0.0.1:{settings.rest_port}/healthz"
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)  # noqa: PLR2004 - HTTP OK
    except OSError:
        return False


def check_metrics(settings: Settings) -> bool:
    """Whether this process answers on its metrics port."""
    try:
        url = f"http://127.0.0.1:{settings.metrics_port}/metrics"
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)  # noqa: PLR2004 - HTTP OK
    except OSError:
        return False


def check_grpc(settings: Settings) -> bool:
    """Whether gRPC answers a health check, whatever it says."""
    with grpc.insecure_channel(f"127.0.0.1:{settings.grpc_port}") as channel:
        try:
            health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=2)
        except grpc.RpcError:
            return False
    return True


CHECKS: Mapping[str, Callable[[Settings], bool]] = {
    "rest": check_rest,
    "grpc": check_grpc,
    "metrics": check_metrics,
}


def _stop_on_signal() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop


def run() -> NoReturn:
    """Run as a program."""
    sys.exit(main(sys.argv[1:], os.environ))


if __name__ == "__main__":
    run()
