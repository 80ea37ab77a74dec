"""Signals to real processes, in whichever thread they arrive."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WAITS = """
import threading
from service.stopping import stop_on_signals
stop = threading.Event()
stop_on_signals(stop)
print("listening", flush=True)
stop.wait()
print("stopped", flush=True)
"""
# The kernel may choose any thread; here it is one that does nothing about it.
ANOTHER_THREAD = """
import signal, threading, time
from service.stopping import stop_on_signals
stop = threading.Event()
stop_on_signals(stop)
other = threading.Thread(target=time.sleep, args=(60,), daemon=True)
other.start()
threading.Timer(0.1, signal.pthread_kill, (other.ident, signal.SIGTERM)).start()
print("listening", flush=True)
stop.wait()
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
    process = start(sys.executable, "-c", WAITS)
    process.send_signal(number)
    assert words_of(process) == "stopped\n"


def test_a_signal_that_another_thread_gets_stops_just_as_well() -> None:
    assert words_of(start(sys.executable, "-c", ANOTHER_THREAD)) == "stopped\n"


def test_two_signals_at_once_stop_just_as_well() -> None:
    process = start(sys.executable, "-c", WAITS)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGTERM)
    assert words_of(process) == "stopped\n"


def test_nohup_is_respected() -> None:
    process = start("nohup", sys.executable, "-c", WAITS)
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
