"""Records a provider's pages as fixtures: asks as politely as a collection, keeps the facts.

The folder is what `--replay` reads. It is written whole or not at all, and only after the
recording has been read back: what its pages lose must not be what the provider's parser needs.
"""

import logging
import re
import tempfile
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import msgspec

from scrapers.cleaning import clean_text, is_json
from scrapers.errors import CollectError, NotRecorded
from scrapers.fetcher import Fetcher
from scrapers.page import Page
from scrapers.parts import PartReading, read_part
from scrapers.provider import Part, Provider, RawOffer, Reject, Request
from scrapers.replay import MANIFEST, ReplayFetcher

log = logging.getLogger(__name__)

# A fixture shows how a source is built; it is no copy of it.
MAX_PAGES_OF_A_KIND = 3
MAX_PARTS_OF_A_SHAPE = 3
LARGE_BYTES = 200_000
PAGES_PATH = Path(__file__).parents[1] / "tests" / "providers" / "pages"


class RecordingFailed(Exception):
    """A page could not be had, so nothing was written; the message says which and why."""


class FolderTaken(Exception):
    """The folder holds something else than a recording of this provider."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """What was written: the bodies with their sizes in bytes, and what a person should know.

    `row_count` and `reject_count` are what the provider's parsers made of the live pages.
    """

    folder: Path
    bodies: tuple[tuple[str, int], ...]
    row_count: int
    reject_count: int
    notes: tuple[str, ...]


def record_pages(
    provider: Provider,
    *,
    fetcher: Fetcher,
    folder: Path,
    on_page: Callable[[Page], None],
    keys: Collection[str] | None = None,
) -> Recording:
    """Ask for a provider's pages and write them to a folder, in the place of an older recording.

    Of parts that ask for the same kinds, and of the pages that follow each other, the first three
    are asked for; pages that are joined with others are asked for whole; what needs another key
    than `keys` is not asked for. Raises RecordingFailed, FolderTaken and OSError, and then has
    written nothing.
    """
    old_bodies = _bodies_in(folder, provider)
    recorder = _Recorder(fetcher, on_page)
    parts, skipped = _first_parts(provider.all_parts(keys=keys))
    live = {part.name: _read(provider, part, fetcher=recorder) for part in parts}
    if recorder.failure:
        raise recorder.failure
    if not recorder.kept:
        raise RecordingFailed(f"{provider.id} has no page with a parser")
    kept = tuple(recorder.kept.values())
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".recording-") as made:
        staged = Path(made)
        bodies = [(each.body, _write(staged / each.body, each.text)) for each in kept]
        _write(staged / MANIFEST, _manifest(provider, kept))
        replay = ReplayFetcher.open(staged, now=lambda: kept[0].observe_time)
        notes = [
            *recorder.notes,
            *skipped,
            *_differences(provider, parts, live=live, replay=replay),
            *(_too_large(name, size) for name, size in bodies if size > LARGE_BYTES),
        ]
        _replace(folder, staged, names=[*(name for name, _ in bodies), MANIFEST], old=old_bodies)
    readings = [reading for reading in live.values() if reading]
    return Recording(
        folder=folder,
        bodies=tuple(bodies),
        row_count=sum(len(reading.rows) for reading in readings),
        reject_count=sum(len(reading.rejects) for reading in readings),
        notes=tuple(notes),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    request: Request
    body: str
    text: str
    content_type: str
    observe_time: datetime

    @property
    def query(self) -> dict[str, str]:
        """The parameters that tell this request from others; a repeated one cannot."""
        asked = parse_qs(urlsplit(self.request.url).query, keep_blank_values=True)
        return {name: values[0] for name, values in asked.items() if len(values) == 1}


class _Recorder:
    """A fetcher that remembers what it was asked, and asks nothing more once a page failed."""

    def __init__(self, fetcher: Fetcher, on_page: Callable[[Page], None]) -> None:
        self._fetcher = fetcher
        self._on_page = on_page
        self._pages: dict[bytes, Page] = {}
        self.kept: dict[bytes, _Kept] = {}
        self.failure: RecordingFailed | None = None
        self.notes: list[str] = []

    def records(self, request: Request) -> bool:
        """Tell whether a request can be answered."""
        return self._fetcher.records(request)

    def fetch(self, request: Request, *, provider: Provider, kind: str, part: str) -> Page:
        """Ask once for each request. Raises NotRecorded beyond the pages that are wanted."""
        key = msgspec.json.encode(
            (request.method, request.url, request.json_body, request.only_lines)
        )
        known = self._pages.get(key)
        if known:
            return replace(known, kind=kind, part=part)
        number = 1 + sum(page.kind == kind and page.part == part for page in self._pages.values())
        is_joined = any(kind in kinds and len(kinds) > 1 for kinds in provider.parsers)
        if number > MAX_PAGES_OF_A_KIND and not is_joined:
            self.notes.append(f"{part}: there are more than {number - 1} pages of {kind}")
            raise NotRecorded(self.notes[-1])
        if self.failure:
            raise NotRecorded(str(self.failure))
        try:
            page = self._fetcher.fetch(request, provider=provider, kind=kind, part=part)
            text = clean_text(page)
        except CollectError as error:
            self.failure = RecordingFailed(f"{part}: {error.reason}: {error}")
            raise
        if page.url != request.url:
            self.notes.append(f"{request.url} leads to {page.url}: ask for that one")
        self._pages[key] = page
        self.kept[key] = _Kept(
            request=request,
            body=_body_name(page, number=number),
            text=text,
            content_type=_content_type(page),
            observe_time=page.observe_time,
        )
        self._on_page(page)
        return page


def _first_parts(parts: Sequence[Part]) -> tuple[list[Part], list[str]]:
    """Choose the parts to ask for; say which were left out."""
    shapes: dict[tuple[str, ...], list[Part]] = {}
    for part in parts:
        shapes.setdefault(tuple(sorted(part.requests)), []).append(part)
    chosen = [part for same in shapes.values() for part in same[:MAX_PARTS_OF_A_SHAPE]]
    notes = [
        f"recorded {', '.join(part.name for part in same[:MAX_PARTS_OF_A_SHAPE])}"
        f" and not the other {len(same) - MAX_PARTS_OF_A_SHAPE} parts like them"
        for same in shapes.values()
        if len(same) > MAX_PARTS_OF_A_SHAPE
    ]
    return chosen, notes


def _read(provider: Provider, part: Part, *, fetcher: Fetcher) -> PartReading | None:
    """Read a part; None when a parser fails in a way of its own, as one in the making may."""
    try:
        return read_part(provider, part, fetcher=fetcher)
    except Exception:
        log.exception("the parser failed", extra={"provider": provider.id, "part": part.name})
        return None


def _differences(
    provider: Provider,
    parts: Sequence[Part],
    *,
    live: dict[str, PartReading | None],
    replay: Fetcher,
) -> list[str]:
    """Read the recording back and say where its parser finds something else, or nothing."""
    notes: list[str] = []
    for part in parts:
        seen = live[part.name]
        if seen is None:
            notes.append(f"{part.name}: the parser failed; see the log")
            continue
        if seen.error and not isinstance(seen.error, NotRecorded):
            notes.append(f"{part.name}: not read yet: {seen.error.reason}: {seen.error}")
        again = _read(provider, part, fetcher=replay)
        found = _said(again) if again else set[RawOffer | Reject]()
        if found != _said(seen):
            notes.append(
                f"{part.name}: the live pages gave {len(_said(seen))} rows, a replay {len(found)}:"
                " the parser reads what a recording leaves out (code, comments, queries of links)"
            )
    return notes


def _said(reading: PartReading) -> set[RawOffer | Reject]:
    """Give the rows without repeats: beyond the last page that is recorded, the first answers."""
    return {*(row.raw for row in reading.rows), *reading.rejects}


def _manifest(provider: Provider, kept: Sequence[_Kept]) -> str:
    """Write the manifest, requests with more parameters first: the first match answers."""
    entries = [
        {
            "provider": provider.id,
            "method": each.request.method,
            "url": urlsplit(each.request.url)._replace(query="", fragment="").geturl(),
            **({"query": each.query} if each.query else {}),
            **({"request_body": body} if (body := each.request.json_body) is not None else {}),
            "status": 200,
            "content_type": each.content_type,
            "body": each.body,
            "observe_time": each.observe_time.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "needs_key": bool(provider.keys_of(each.request)),
        }
        for each in sorted(kept, key=lambda each: -len(each.query))
    ]
    return msgspec.json.format(msgspec.json.encode(entries), indent=1).decode() + "\n"


def _body_name(page: Page, *, number: int) -> str:
    safe = [re.sub(r"[^A-Za-z0-9_-]+", "-", name) for name in (page.part, page.kind)]
    return ".".join([*safe, *([str(number)] if number > 1 else []), _extension(page)])


def _extension(page: Page) -> str:
    if page.is_html:
        return "html"
    return "json" if is_json(page.text) else "txt"


def _content_type(page: Page) -> str:
    """Return the type as sent, but for the character set: a recording is UTF-8."""
    media_type = page.content_type.partition(";")[0].strip()
    return f"{media_type}; charset=utf-8" if page.is_html else media_type


def _too_large(name: str, size: int) -> str:
    return f"{name} has {size // 1000} kB: trim its rows by hand, and keep the odd ones"


def _write(path: Path, text: str) -> int:
    body = text.encode()
    path.write_bytes(body)
    return len(body)


def _bodies_in(folder: Path, provider: Provider) -> set[str]:
    """Return the bodies of an older recording. Raises FolderTaken for a folder of another use."""
    taken = FolderTaken(f"{folder} holds something else than a recording of {provider.id}")
    if not folder.exists():
        return set()
    if not folder.is_dir():
        raise taken
    try:
        entries = msgspec.json.decode((folder / MANIFEST).read_bytes())
        owners = {entry["provider"] for entry in entries}
        bodies = {str(entry["body"]) for entry in entries}
    except FileNotFoundError:
        if any(folder.iterdir()):
            raise taken from None
        return set()
    except (msgspec.DecodeError, KeyError, TypeError) as error:
        raise taken from error
    if owners != {provider.id} or any(Path(body).name != body for body in bodies):
        raise taken
    return bodies


def _replace(folder: Path, staged: Path, *, names: Sequence[str], old: set[str]) -> None:
    """Put the new files in place, the manifest last; files that no manifest named stay."""
    folder.mkdir(exist_ok=True)
    for name in names:
        (staged / name).replace(folder / name)
    for name in old - set(names):
        (folder / name).unlink(missing_ok=True)
