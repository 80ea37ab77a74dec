import socket
import urllib.request
from pathlib import Path

import pytest

from service import metrics
from service.config import VERSION


def a_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_metrics_are_on_a_port_of_their_own_until_they_are_stopped() -> None:
    port = a_free_port()
    stop = metrics.serve(port)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        assert f'gpuquote_build_info{{version="{VERSION}"}} 1.0'.encode() in answer.read()
    stop()
    with socket.socket() as probe:
        probe.settimeout(1)
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_port_zero_turns_metrics_off() -> None:
    metrics.serve(0)()


def test_a_taken_port_is_an_error() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OSError, match="in use"):
            metrics.serve(taken.getsockname()[1])


def test_figures_of_an_earlier_run_are_cleared(tmp_path: Path) -> None:
    folder = tmp_path / "metrics"
    metrics.clear(folder)
    (folder / "counter_1.db").write_bytes(b"old")
    metrics.clear(folder)
    assert list(folder.iterdir()) == []


def test_a_shared_folder_answers_what_other_processes_wrote(tmp_path: Path) -> None:
    port = a_free_port()
    stop = metrics.serve(port, shared_folder=tmp_path)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        assert f'gpuquote_build_info{{version="{VERSION}"}} 1.0'.encode() in answer.read()
    stop()
