"""Connections whose client does not read."""

import socket
import sys
import time

import pytest

from service.listener import cut_who_do_not_read, limit_writes

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a socket option of Linux")


def the_limit_of(made: socket.socket) -> int:
    return made.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)


def test_connections_of_a_listening_socket_get_the_limit() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        assert limit_writes(port, seconds=1.5)
        with socket.create_connection(("127.0.0.1", port)) as client:
            accepted, _ = listening.accept()
            with accepted:
                assert the_limit_of(accepted) == 1500
            assert the_limit_of(client) == 0


def test_a_client_that_reads_nothing_is_cut() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        limit_writes(port, seconds=0.3)
        with socket.create_connection(("127.0.0.1", port)):
            accepted, _ = listening.accept()
            with accepted:
                accepted.settimeout(10)
                with pytest.raises(OSError, match="timed out"):
                    accepted.sendall(b"x" * 64_000_000)


def test_a_server_that_begins_to_listen_later_is_found() -> None:
    with socket.socket() as late:
        late.bind(("127.0.0.1", 0))
        port = late.getsockname()[1]
        assert not limit_writes(port, seconds=1)
        cut_who_do_not_read(port, seconds=2)
        late.listen()
        deadline = time.monotonic() + 5
        while the_limit_of(late) != 2000:
            assert time.monotonic() < deadline
            time.sleep(0.01)
