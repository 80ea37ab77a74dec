"""Answering requests from a folder of recorded responses, by its manifest.json.

An entry answers when method, host and percent-decoded path are equal (the scheme and its default
port do not matter), every parameter of its `query` is equal, and so is its `request_body` where it
has one, keys standing in it by name; the first match wins. There is no network, so robots.txt,
pauses, name resolution and address checks are skipped; sizes, character sets and statuses count as
they do live.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from urllib.parse import parse_qs, unquote, urljoin, urlsplit

import msgspec

from scrapers.addresses import DEFAULT_PORTS
from scrapers.answer import (
    MAX_REDIRECTS,
    REDIRECTS,
    Body,
    error_of_status,
    line_filter_of,
    max_bytes_of,
    text_of,
)
from scrapers.errors import NotRecorded, UnsafeResponse
from scrapers.page import Page
from scrapers.provider import Provider, Request

MANIFEST = "manifest.json"

_DIGEST_LENGTH = 16
_STEP_BYTES = 256 * 1024


class ReplayBroken(Exception):
    """The recording cannot be used; the message is one line for the person who named it."""


class _ManifestEntry(msgspec.Struct, frozen=True, kw_only=True):
    url: str
    body: str
    method: str = "GET"
    status: Annotated[int, msgspec.Meta(ge=200, le=599)] = 200
    content_type: str = ""
    observe_time: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    query: dict[str, str] = {}
    headers: dict[str, str] = {}
    request_body: dict[str, object] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    method: str
    place: tuple[str, int | None, str]
    query: Mapping[str, str]
    request_body: Mapping[str, object] | None
    status: int
    headers: Mapping[str, str]
    content_type: str
    body: Path
    observe_time: datetime

    def answers(self, request: Request, *, place: tuple[str, int | None, str]) -> bool:
        if request.method.upper() != self.method or place != self.place:
            return False
        if self.request_body is not None and self.request_body != _as_sent(request.json_body):
            return False
        asked = parse_qs(urlsplit(request.url).query, keep_blank_values=True)
        return all(asked.get(name) == [text] for name, text in self.query.items())


class ReplayFetcher:
    """A fetcher over a recording. `manifest_digest` names the store that its prices go to."""

    def __init__(self, entries: tuple[_Entry, ...], *, manifest_digest: str) -> None:
        self._entries = entries
        self.manifest_digest = manifest_digest

    @classmethod
    def open(cls, folder: Path, *, now: Callable[[], datetime]) -> "ReplayFetcher":
        """Read the manifest of a folder. Raises ReplayBroken, also for a body that is missing.

        `now` dates the entries that do not say when they were recorded.
        """
        path = folder / MANIFEST
        if not folder.is_dir():
            fault = "is not a folder" if folder.exists() else "does not exist"
            raise ReplayBroken(f"the replay folder {folder} {fault}")
        try:
            manifest = path.read_bytes()
            entries = msgspec.json.decode(manifest, type=list[_ManifestEntry])
        except OSError as error:
            raise ReplayBroken(f"{path} cannot be read ({error.strerror})") from error
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ReplayBroken(f"{path} is not a manifest ({error})") from error
        if not entries:
            raise ReplayBroken(f"{path} lists no entries")
        digest = hashlib.sha256(manifest).hexdigest()[:_DIGEST_LENGTH]
        recorded = tuple(
            _entry(entry, number=number, folder=folder, now=now)
            for number, entry in enumerate(entries, start=1)
        )
        return cls(recorded, manifest_digest=digest)

    def records(self, request: Request) -> bool:
        """Tell whether the recording has an answer to a request, whatever its status."""
        return self._find(request) is not None

    def fetch(self, request: Request, *, provider: Provider, kind: str, part: str) -> Page:
        """Return the recorded answer, dated as it was recorded.

        Raises NotRecorded when there is none, and what the recorded status means live.
        """
        url = request.url
        for _ in range(MAX_REDIRECTS + 1):
            entry = self._find(request)
            if entry is None:
                raise NotRecorded(f"{provider.id}: no recording of {request.method} {request.url}")
            location = entry.headers.get("location", "")
            if entry.status not in REDIRECTS or not location:
                return _page(entry, request, kind=kind, part=part)
            request = replace(request, url=urljoin(request.url, location))
        raise UnsafeResponse(f"{url}: more than {MAX_REDIRECTS} redirects")

    def _find(self, request: Request) -> _Entry | None:
        try:
            place = _place_of(request.url)
        except ValueError:  # A page named as its next one what is no address.
            return None
        return next((e for e in self._entries if e.answers(request, place=place)), None)


def _page(entry: _Entry, request: Request, *, kind: str, part: str) -> Page:
    url = request.url
    error = error_of_status(entry.status, url=url)
    if error is not None:
        raise error
    body = Body(
        content_encoding="",
        max_bytes=max_bytes_of(entry.content_type),
        lines=line_filter_of(request),
    )
    try:
        with entry.body.open("rb") as recorded:
            while piece := recorded.read(_STEP_BYTES):
                body.feed(piece)
    except OSError as problem:
        raise NotRecorded(f"{entry.body.name} cannot be read ({problem.strerror})") from problem
    kept = body.finish()
    return Page(
        kind=kind,
        part=part,
        url=url,
        text=text_of(kept, content_type=entry.content_type),
        content_type=entry.content_type,
        observe_time=entry.observe_time,
        byte_count=len(kept),
    )


def _entry(
    entry: _ManifestEntry, *, number: int, folder: Path, now: Callable[[], datetime]
) -> _Entry:
    where = f"{folder / MANIFEST}: entry {number}"
    body = (folder / entry.body).resolve()
    if not body.is_relative_to(folder.resolve()):
        raise ReplayBroken(f"{where} has its body outside the folder")
    if not body.is_file():
        raise ReplayBroken(f"{where} has no body file {entry.body!r}")
    try:
        place = _place_of(entry.url)
    except ValueError as error:
        raise ReplayBroken(f"{where} has no web address ({error})") from error
    return _Entry(
        method=entry.method.upper(),
        place=place,
        query=entry.query,
        request_body=entry.request_body,
        status=entry.status,
        headers={name.lower(): text for name, text in entry.headers.items()},
        content_type=entry.content_type,
        body=body,
        observe_time=(entry.observe_time or now()).astimezone(UTC),
    )


def _as_sent(body: Mapping[str, object] | None) -> object:
    """Return a body as JSON makes it: a tuple is an array."""
    return None if body is None else msgspec.json.decode(msgspec.json.encode(body))


def _place_of(url: str) -> tuple[str, int | None, str]:
    """Return host, port unless it is the default, and decoded path. Raises ValueError."""
    parts = urlsplit(url)
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        raise ValueError(f"{url[:120]!r} is not an http address")
    port = None if parts.port == DEFAULT_PORTS[parts.scheme] else parts.port
    return parts.hostname, port, unquote(parts.path) or "/"
