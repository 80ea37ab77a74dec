"""Answers that are kept for conditional requests, so that an unchanged page is not sent again."""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from scrapers.answer import MIB
from scrapers.provider import Request

_MAX_BYTES = 64 * MIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A decoded answer, with the request headers that ask whether it still holds."""

    validators: Mapping[str, str]
    text: str
    content_type: str
    byte_count: int


class KeptAnswers:
    """The last answer to each GET that came with a validator; the oldest go first."""

    def __init__(self, *, max_bytes: int = _MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._size = 0
        self._answers: OrderedDict[tuple[object, ...], Kept] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, request: Request) -> Kept | None:
        """Return the answer kept for a request, or None."""
        with self._lock:
            return self._answers.get(_key_of(request)) if request.method == "GET" else None

    def keep(self, request: Request, kept: Kept) -> None:
        """Keep an answer in place of the one before, if it can be asked for conditionally."""
        if request.method != "GET":
            return
        with self._lock:
            known = self._answers.pop(_key_of(request), None)
            self._size -= known.byte_count if known else 0
            if kept.validators:
                self._answers[_key_of(request)] = kept
                self._size += kept.byte_count
            while self._size > self._max_bytes:
                _, oldest = self._answers.popitem(last=False)
                self._size -= oldest.byte_count


def validators_of(headers: Mapping[str, str]) -> Mapping[str, str]:
    """Return the request headers that make the next request conditional; names in lower case."""
    validators = {
        "If-None-Match": headers.get("etag", ""),
        "If-Modified-Since": headers.get("last-modified", ""),
    }
    return {name: text for name, text in validators.items() if text}


def _key_of(request: Request) -> tuple[object, ...]:
    # Other headers, other answer. Keys stand in them by name only.
    filtered = (request.only_lines, request.header_lines)
    return (request.url, filtered, *sorted(request.headers.items()))
