"""What is assumed where a request leaves something open; each assumption shows in the answer."""

from collections.abc import Iterator
from typing import TypeVar

from service.market.answers import Assumption

DEFAULT = "default"

_Value = TypeVar("_Value")


class Assumed:
    """The assumptions that were made in reading one request, in their order.

    Names are those of JSON fields, since an answer is read beside its request.
    """

    def __init__(self) -> None:
        self._found: list[Assumption] = []

    def __iter__(self) -> Iterator[Assumption]:
        """Return the assumptions so far."""
        return iter(self._found)

    def note(self, name: str, value: str, source: str = DEFAULT) -> None:
        """Keep an assumption."""
        self._found.append(Assumption(name=name, value=value, source=source))

    def unless_given(
        self,
        given: _Value | None,
        name: str,
        default: _Value,
        *,
        unit: str = "",
        source: str = DEFAULT,
    ) -> _Value:
        """Return what was given; where that is nothing, the default, which is then kept."""
        if given is not None:
            return given
        self.note(name, f"{_shown(default)} {unit}".rstrip(), source)
        return default


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)
