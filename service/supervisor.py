"""Keeps child processes running, and ends them with us, whatever ends us."""

import logging
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from service.launch import bound_to_us

log = logging.getLogger(__name__)

LOOK_EVERY_SECONDS = 0.1
STOP_WITHIN_SECONDS = 10.0
FIRST_RESTART_PAUSE_SECONDS = 1.0
LONGEST_RESTART_PAUSE_SECONDS = 30.0
# A child that has run so long has recovered from whatever ended the one before.
STEADY_AFTER_SECONDS = 60.0


@dataclass(slots=True)
class Child:
    """A process of ours that is to be there until we stop."""

    name: str
    command: tuple[str, ...]
    process: subprocess.Popen[bytes]
    pause_seconds: float = FIRST_RESTART_PAUSE_SECONDS
    restart_at: float | None = None
    started_at: float = field(default_factory=time.monotonic)


@dataclass(slots=True)
class Supervisor:
    """Starts the children, starts them again when they end, and stops them in order."""

    environ: Mapping[str, str]
    children: list[Child] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)

    def start(self, name: str, *arguments: str) -> None:
        """Start a child that runs one of our modules."""
        command = (sys.executable, "-m", *arguments)
        self.children.append(Child(name, command, self._spawn(command)))

    def _spawn(self, command: tuple[str, ...]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603 - our own modules
            # What they hold is safe at any moment, and a new start needs their ports.
            bound_to_us(*command, ended_by=signal.SIGKILL),
            env=dict(self.environ),
            stdin=subprocess.DEVNULL,
            # A terminal signals its whole group. Ctrl-C is for us alone: children that also got
            # it would be stopped twice, in any order, or in the middle of an import.
            process_group=0 if sys.platform == "linux" else None,
        )

    def watch(self) -> None:
        """Keep the children running until `stopping` is set."""
        while not self.stopping.wait(LOOK_EVERY_SECONDS):
            for child in self.children:
                self.revive(child)

    def revive(self, child: Child) -> None:
        """Start a child that has ended once more, after a pause that doubles each time."""
        if child.process.poll() is None:
            return
        now = time.monotonic()
        if child.restart_at is None:
            if now - child.started_at > STEADY_AFTER_SECONDS:
                child.pause_seconds = FIRST_RESTART_PAUSE_SECONDS
            with suppress(OSError):  # the terminal may be gone
                print(
                    f"{child.name} ended with {child.process.returncode}; "
                    f"starting it again in {child.pause_seconds:.0f} s",
                    file=sys.stderr,
                )
            child.restart_at = now + child.pause_seconds
            child.pause_seconds = min(child.pause_seconds * 2, LONGEST_RESTART_PAUSE_SECONDS)
        elif now >= child.restart_at:
            child.process, child.restart_at = self._spawn(child.command), None
            child.started_at = now

    def stop(self) -> None:
        """Stop the children, the outermost first; kill what does not end in time."""
        for child in reversed(self.children):
            child.process.terminate()
        deadline = time.monotonic() + STOP_WITHIN_SECONDS
        for child in self.children:
            try:
                child.process.wait(timeout=max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                log.warning("killed", extra={"child": child.name})
                child.process.kill()
                child.process.wait()
