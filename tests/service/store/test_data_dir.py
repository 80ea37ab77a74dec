import multiprocessing
import os
from pathlib import Path

import pytest

from service.store.data_dir import DataDirBusy, DataDirLock, FileLock, make_private


def test_a_second_program_is_refused_and_told_who_is_there(tmp_path: Path) -> None:
    with DataDirLock(tmp_path), pytest.raises(DataDirBusy) as refused, DataDirLock(tmp_path):
        pass
    assert refused.value.pid == os.getpid()
    assert f"process {os.getpid()}" in str(refused.value)
    assert str(tmp_path) in str(refused.value)


def test_the_folder_is_free_again_afterwards(tmp_path: Path) -> None:
    for _ in range(2):
        with DataDirLock(tmp_path):
            pass


def test_what_a_dead_program_left_is_no_lock(tmp_path: Path) -> None:
    (tmp_path / "up.lock").write_text("4194304")
    with DataDirLock(tmp_path):
        assert (tmp_path / "up.lock").read_text() == str(os.getpid())


def _take(folder: Path) -> None:
    DataDirLock(folder).__enter__()
    os._exit(0)  # without giving it back


def test_a_killed_program_holds_nothing(tmp_path: Path) -> None:
    child = multiprocessing.get_context("spawn").Process(target=_take, args=(tmp_path,))
    child.start()
    child.join(10)
    assert child.exitcode == 0
    with DataDirLock(tmp_path):
        pass


def test_an_unknown_holder_is_said_to_be_unknown(tmp_path: Path) -> None:
    with DataDirLock(tmp_path):
        (tmp_path / "up.lock").write_text("?")
        with pytest.raises(DataDirBusy, match="another process"), DataDirLock(tmp_path):
            pass


def test_a_data_folder_is_for_its_owner_only(tmp_path: Path) -> None:
    loose = tmp_path / "loose"
    loose.mkdir(mode=0o755)
    for folder in (loose, tmp_path / "a" / "new"):
        assert make_private(folder).stat().st_mode & 0o777 == 0o700


def test_a_lock_that_is_not_held_has_no_descriptor(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not held"):
        _ = FileLock(tmp_path / "x").handle
