"""Collects what is wrong with a request, so that all of it is said at once."""

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from service.domain.errors import InvalidRequest, NotFound, Reason, Violation

_Value = TypeVar("_Value")
_SHOWN_CHARACTERS = 40
_NEAREST_COUNT = 3


class Faults:
    """The violations found so far."""

    def __init__(self) -> None:
        self._violations: list[Violation] = []
        self._path = ""

    def under(self, path: str) -> "Faults":
        """Return a view for the fields of a message inside; what it notes is noted here."""
        view = Faults()
        view._violations = self._violations
        view._path = f"{self._path}{path}."
        return view

    def __len__(self) -> int:
        """Return how many there are, those of views and of what they are views of included."""
        return len(self._violations)

    def add(
        self,
        field: str,
        description: str,
        reason: Reason = Reason.BAD_FIELD,
        *,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        """Note one violation; `field` is its path in the proto."""
        self._note(Violation(field, description, reason, metadata or {}))

    def attempt(self, read: Callable[[], _Value], otherwise: _Value) -> _Value:
        """Return what `read` returns; where it raises InvalidRequest, note that and go on."""
        try:
            return read()
        except InvalidRequest as error:
            for violation in error.violations:
                self._note(violation)
            return otherwise

    def raise_if_any(self) -> None:
        """Raise InvalidRequest with everything noted; the first violation gives the reason."""
        if self._violations:
            raise InvalidRequest.of(tuple(self._violations))

    def _note(self, violation: Violation) -> None:
        if self._path:
            violation = replace(violation, field=self._path + violation.field)
        self._violations.append(violation)


def shown(text: str) -> str:
    """Quote a caller's text for a message: bounded, control characters escaped."""
    return repr(text[:_SHOWN_CHARACTERS])


def nearest_of(text: str, known: Iterable[str]) -> tuple[str, ...]:
    """Return up to three known words that the text may have meant, the likeliest first."""
    spellings = {word.lower(): word for word in known}
    found = difflib.get_close_matches(
        text[:_SHOWN_CHARACTERS].lower(), spellings, n=_NEAREST_COUNT, cutoff=0.5
    )
    return tuple(spellings[word] for word in found)


def unknown_text(text: str, kind: str, nearest: Iterable[str]) -> str:
    """Say that the text is none of its kind, and what may have been meant."""
    meant = ", ".join(repr(word) for word in nearest)
    return f"{shown(text)} is not a {kind}" + (f"; nearest: {meant}" if meant else "")


def not_found(reason: Reason, kind: str, name: str, nearest: Sequence[str]) -> NotFound:
    """Build the error of a name that nothing has, with what may have been meant."""
    meant = ", ".join(repr(identifier) for identifier in nearest)
    return NotFound(
        reason,
        f"There is no {kind} {shown(name)}." + (f" Nearest: {meant}." if meant else ""),
        metadata={"name": name} | ({"nearest": ",".join(nearest)} if nearest else {}),
    )
