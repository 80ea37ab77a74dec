"""Signals in real processes: an event that a handler sets in the wrong moment never is set."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Sets and asks for the event all the time, so that signals meet it with its lock in hand.
BUSY = """
import sys, threading
from service.stopping import stop_on_signals
stop, other = threading.Event(), threading.Event()
stop_on_signals(stop)
print("listening", flush=True)
while not stop.wait(0.00001):
    pass
print("stopped", flush=True)
"""
UNDER_MAKE = """
import threading
from service.stopping import stop_with_make
stop = threading.Event()
stop_with_make(stop)
print("listening", flush=True)
print("stopped" if stop.wait(5) else "never", flush=True)
"""


def start(*command: str, cwd: Path = ROOT) -> subprocess.Popen[str]:
    """Start a program in a group of its own and wait until it listens for signals."""
    process = subprocess.Popen(
        command,
        cwd=cwd,
        # Without what an outer make tells an inner one, which would then print more.
        env={k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
        | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "listening\n"
    return process


def words_of(process: subprocess.Popen[str], *, seconds: float = 5) -> str:
    try:
        return process.communicate(timeout=seconds)[0]
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_each_of_the_three_signals_stops(number: signal.Signals) -> None:
    process = start(sys.executable, "-c", BUSY)
    process.send_signal(number)
    assert words_of(process) == "stopped\n"


def test_signals_upon_signals_stop_just_as_well() -> None:
    for _ in range(3):
        process = start(sys.executable, "-c", BUSY)
        for number in (signal.SIGINT, signal.SIGTERM) * 50:
            process.send_signal(number)
        assert words_of(process) == "stopped\n"


def test_nohup_is_respected() -> None:
    process = start("nohup", sys.executable, "-c", BUSY)
    process.send_signal(signal.SIGHUP)
    time.sleep(0.2)
    assert process.poll() is None
    process.terminate()
    assert words_of(process) == "stopped\n"


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP, signal.SIGKILL])
def test_what_only_make_is_told_stops_its_recipe(number: signal.Signals, tmp_path: Path) -> None:
    (tmp_path / "recipe.py").write_text(UNDER_MAKE)
    (tmp_path / "Makefile").write_text(f"run:\n\t@exec {sys.executable} recipe.py\n")
    make = start("make", "run", cwd=tmp_path)
    make.send_signal(number)
    assert words_of(make) == "stopped\n"
