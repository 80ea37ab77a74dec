"""Child processes that never outlive the process that started them."""

import ctypes
import os
import signal
import sys

# Runs in the new process, then becomes the command: on Linux the kernel sends it a signal when its
# parent dies, however that dies. A parent that is already gone is noticed by its id.
_LAUNCH = """
import os, sys
parent, number, *command = sys.argv[1:]
if sys.platform == "linux":
    import ctypes
    ctypes.CDLL(None).prctl(1, int(number))
if os.getppid() != int(parent):
    sys.exit(1)
os.execv(command[0], command)
"""


def bound_to_us(*command: str, ended_by: int = signal.SIGTERM) -> list[str]:
    """Return a command line that runs `command` and ends with this process, by that signal.

    The first word is an absolute path. The kernel's signal follows the thread that starts the
    child: start it from one that lives as long as the child is to live.
    """
    return [
        sys.executable,
        "-I",
        "-S",
        "-c",
        _LAUNCH,
        str(os.getpid()),
        str(int(ended_by)),
        *command,
    ]


def end_with_parent(number: int = signal.SIGTERM) -> None:
    """Have the kernel end this process with its parent; for one that somebody else started."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, int(number))
