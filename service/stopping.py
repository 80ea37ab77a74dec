"""Stops a program on a signal, whichever of its threads the kernel hands it to."""

import os
import re
import signal
import threading
from pathlib import Path

ASK_MAKE_EVERY_SECONDS = 0.5
_STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_CAUGHT = re.compile(r"^SigCgt:\s*([0-9a-f]+)$", re.MULTILINE)


def stop_on_signals(stop: threading.Event) -> None:
    """Set `stop` on SIGINT, SIGTERM and, unless `nohup` turned it off, SIGHUP.

    Call it from the main thread, once. A handler in Python would not do: it runs in the main
    thread only, and when two signals come at once, as after Ctrl-C, the kernel may hand both to
    another thread. A main thread that waits for `stop` then never wakes up to run it. What
    writes to the wakeup descriptor runs in the thread that got the signal.
    """
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    for number in _STOPS:
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _note)

    def wait() -> None:
        while os.read(reader, 1)[0] not in _STOPS:
            pass
        stop.set()

    threading.Thread(target=wait, name="signals", daemon=True).start()


def _note(_: int, __: object) -> None:
    """Stand for "not ignored, not deadly"; the wakeup descriptor does the work."""


def stop_with_make(stop: threading.Event) -> None:
    """Set `stop` once the make above us was told to stop, or has ended; on Linux.

    Make passes SIGTERM on to its recipe. A SIGINT or SIGHUP that it alone gets, as from a window
    that is closed, it takes for one that we got too: it waits for us, and nobody tells us. Its
    handler lets go of the signal, which shows in /proc.
    """
    make = os.getppid()
    at_first = _caught(make)

    def watch() -> None:
        while not stop.wait(ASK_MAKE_EVERY_SECONDS):
            if os.getppid() != make or at_first - _caught(make):
                stop.set()

    if at_first:
        threading.Thread(target=watch, name="make", daemon=True).start()


def _caught(pid: int) -> frozenset[signal.Signals]:
    """Return which of the stopping signals a process handles."""
    try:
        found = _CAUGHT.search(Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return frozenset()
    mask = int(found[1], 16) if found else 0
    return frozenset(number for number in _STOPS if mask >> (number - 1) & 1)
