import socket

import pytest

from tests.conftest import NetworkRefused


def test_another_machine_cannot_be_reached() -> None:
    with socket.socket() as outside:
        outside.settimeout(0.1)
        for connect in (outside.connect, outside.connect_ex):
            with pytest.raises(NetworkRefused):
                connect(("192.0.2.1", 80))


def test_another_machine_cannot_be_looked_up() -> None:
    with pytest.raises(NetworkRefused):
        socket.create_connection(("gpuquote.example", 80), timeout=0.1)


def test_this_machine_can_be_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as here:
        socket.create_connection(("localhost", here.getsockname()[1]), timeout=5).close()
