import socket

import pytest

from scrapers.addresses import Origin
from scrapers.deadline import Deadline, Watchdog
from scrapers.dial import dialler


def test_no_address_is_tried_after_the_deadline() -> None:
    now = [0.0]
    deadline = Deadline(5, monotonic=lambda: now[0])
    deadline.start()
    now[0] = 5.0
    with socket.create_server(("127.0.0.1", 0)) as listener, Watchdog(1) as watchdog:
        origin = Origin("https", "nimbus.example", listener.getsockname()[1])
        dial = dialler(origin, ("127.0.0.1",), watchdog=watchdog, deadline=deadline)

        with pytest.raises(OSError, match="in time"):
            dial()


def test_a_connection_made_after_the_watchdog_bit_is_shut_at_once() -> None:
    deadline = Deadline(5, monotonic=lambda: 0.0)
    with socket.create_server(("127.0.0.1", 0)) as listener, Watchdog(60) as watchdog:
        watchdog._bite()
        origin = Origin("https", "nimbus.example", listener.getsockname()[1])
        connection = dialler(origin, ("127.0.0.1",), watchdog=watchdog, deadline=deadline)()

        with connection:
            assert connection.recv(1) == b""
