import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from service.supervisor import STEADY_AFTER_SECONDS, Supervisor


def running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


def wait_until_gone(pid: int, *, seconds: float = 5.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not running(pid):
            return True
        time.sleep(0.02)
    return False


@pytest.fixture
def module(tmp_path: Path) -> dict[str, str]:
    """Modules to run as children: one that waits, one that ends at once."""
    (tmp_path / "waits.py").write_text("import time\nwhile True: time.sleep(60)\n")
    (tmp_path / "ends.py").write_text("import sys\nsys.exit(3)\n")
    (tmp_path / "deaf.py").write_text(
        "import signal, sys, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print('deaf', flush=True)\nwhile True: time.sleep(60)\n"
    )
    return {"PYTHONPATH": str(tmp_path), "PATH": os.environ["PATH"]}


def test_children_end_when_the_supervisor_stops(module: dict[str, str]) -> None:
    supervisor = Supervisor(module)
    supervisor.start("one", "waits")
    supervisor.start("two", "waits")
    pids = [child.process.pid for child in supervisor.children]
    assert all(running(pid) for pid in pids)
    supervisor.stop()
    assert not any(running(pid) for pid in pids)


def test_a_child_that_ended_is_started_again_after_a_pause_that_doubles(
    module: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    supervisor = Supervisor(module)
    supervisor.start("brief", "ends")
    (child,) = supervisor.children
    first = child.process
    first.wait(timeout=10)
    supervisor.revive(child)
    assert "brief ended with 3; starting it again in 1 s" in capsys.readouterr().err
    assert child.process is first
    child.restart_at = time.monotonic()
    supervisor.revive(child)
    assert child.process is not first
    assert child.pause_seconds == 2.0
    child.process.wait(timeout=10)
    supervisor.stop()


def test_a_child_that_ran_steadily_is_started_again_after_the_first_pause(
    module: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    supervisor = Supervisor(module)
    supervisor.start("brief", "ends")
    (child,) = supervisor.children
    child.process.wait(timeout=10)
    child.pause_seconds = 16.0
    child.started_at -= STEADY_AFTER_SECONDS + 1
    supervisor.revive(child)
    assert "starting it again in 1 s" in capsys.readouterr().err
    supervisor.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere they share our group")
def test_what_a_terminal_sends_to_our_group_does_not_reach_the_children(
    module: dict[str, str],
) -> None:
    supervisor = Supervisor(module)
    supervisor.start("one", "waits")
    (child,) = supervisor.children
    assert os.getpgid(child.process.pid) != os.getpgid(0)
    supervisor.stop()


def test_a_child_that_does_not_listen_is_killed(
    module: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.supervisor.STOP_WITHIN_SECONDS", 0.2)
    supervisor = Supervisor(module)
    supervisor.start("deaf", "deaf")
    (child,) = supervisor.children
    time.sleep(0.3)
    supervisor.stop()
    assert child.process.returncode == -signal.SIGKILL


@pytest.mark.skipif(sys.platform != "linux", reason="the parent-death signal is Linux's")
def test_children_end_when_the_supervisor_is_killed(module: dict[str, str]) -> None:
    code = (
        "import time\nfrom service.supervisor import Supervisor\n"
        f"supervisor = Supervisor({module!r})\nsupervisor.start('one', 'waits')\n"
        "print(supervisor.children[0].process.pid, flush=True)\ntime.sleep(60)\n"
    )
    with subprocess.Popen(
        (sys.executable, "-c", code), stdout=subprocess.PIPE, text=True, cwd=Path.cwd()
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert running(pid)
        parent.kill()
    assert wait_until_gone(pid)
