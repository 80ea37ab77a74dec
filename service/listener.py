"""Ends connections whose client does not read, on Linux: the server itself has no such limit.

A thread that writes to a client which reads nothing would be held for as long as the client likes.
The kernel can end it: TCP_USER_TIMEOUT, set on the listening socket, holds for every connection
that is accepted from it.
"""

import logging
import os
import socket
import threading
import time
from pathlib import Path

LOOK_FOR_SECONDS = 10.0
LOOK_EVERY_SECONDS = 0.02

log = logging.getLogger(__name__)


def cut_who_do_not_read(port: int, *, seconds: float) -> None:
    """Have the kernel end connections that take no data for so long, once this process listens.

    Returns at once; a thread of its own waits for the listening socket. Elsewhere than on Linux
    nothing is done.
    """
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        threading.Thread(target=_wait, args=(port, seconds), name="listener", daemon=True).start()


def _wait(port: int, seconds: float) -> None:
    deadline = time.monotonic() + LOOK_FOR_SECONDS
    while time.monotonic() < deadline:
        if limit_writes(port, seconds=seconds):
            return
        time.sleep(LOOK_EVERY_SECONDS)
    log.warning("no listening socket found", extra={"port": port})


def limit_writes(port: int, *, seconds: float) -> bool:
    """Set the limit on every socket of this process that listens on a port; False if none does."""
    is_found = False
    for link in Path("/proc/self/fd").iterdir():
        try:
            if not str(link.readlink()).startswith("socket:"):
                continue
            with socket.socket(fileno=os.dup(int(link.name))) as found:
                if _listens(found, port):
                    value = int(seconds * 1000)
                    found.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, value)
                    is_found = True
        except OSError:
            continue  # it was closed meanwhile, or is of another kind
    return is_found


def _listens(found: socket.socket, port: int) -> bool:
    if found.family not in {socket.AF_INET, socket.AF_INET6}:
        return False
    if not found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        return False
    return bool(found.getsockname()[1] == port)
