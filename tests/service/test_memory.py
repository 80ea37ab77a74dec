"""Giving memory back early changes nothing that a program can see."""

import ctypes

import pytest

from service.memory import return_memory_early


def test_it_can_be_asked_for_at_any_time() -> None:
    for _ in range(2):
        return_memory_early()


def test_a_c_library_that_does_not_know_it_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _: object())
    return_memory_early()
