"""Connecting to an address that was checked, without looking its name up again."""

import socket
from collections.abc import Callable

from scrapers.addresses import Origin
from scrapers.deadline import Deadline, Watchdog

Dial = Callable[[], socket.socket]

# One address of several may be dead; the others must get their chance within the deadline.
_CONNECT_SECONDS = 10.0


def dialler(
    origin: Origin, addresses: tuple[str, ...], *, watchdog: Watchdog, deadline: Deadline
) -> Dial:
    """Return what connects to the first of the addresses that accepts, guarded by `watchdog`.

    The returned function raises the OSError of the last address when none accepts in time.
    """

    def dial() -> socket.socket:
        failure = OSError(f"no address of {origin.host} was reached in time")
        for address in addresses:
            seconds = min(deadline.remaining_seconds, _CONNECT_SECONDS)
            if not seconds:
                break
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            connection = socket.socket(family, socket.SOCK_STREAM)
            connection.settimeout(seconds)
            try:
                connection.connect((address, origin.port))
            except OSError as error:
                connection.close()
                failure = error
                continue
            connection.settimeout(deadline.remaining_seconds or seconds)
            watchdog.guard(connection)
            return connection
        raise failure

    return dial
