"""Reads the parts of a provider: asks, follows, parses, and drops repeated rows.

Nothing is judged here. A part that fails is told apart from a part that answered, so that one
missing zone or region never empties the others.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from scrapers.errors import CollectError, NotRecorded, PageChanged, UnsafeResponse
from scrapers.fetcher import Fetcher
from scrapers.page import Page
from scrapers.parsing import MAX_ROWS, InProcess, Parsing
from scrapers.provider import Part, Provider, RawOffer, Reject, Request

MAX_PAGES = 100
_HERE = InProcess()

OnPage = Callable[[Page], None]
RowKey = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedRow:
    """A row as printed and the page it stood on; a joined row on the first unless it says so."""

    raw: RawOffer
    page: Page

    @property
    def key(self) -> RowKey:
        """What makes a row of a provider unique."""
        raw = self.raw
        return (raw.sku, raw.region, raw.purchase_model.value, raw.term)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartReading:
    """What one part gave. `error` is None only when all of it was read.

    Rows of pages that were read before an error count; they prove nothing about missing ones.
    """

    part: str
    rows: tuple[PrintedRow, ...]
    rejects: tuple[Reject, ...]
    page_count: int
    error: CollectError | None


def read_part(
    provider: Provider,
    part: Part,
    *,
    fetcher: Fetcher,
    parsing: Parsing = _HERE,
    on_page: OnPage | None = None,
) -> PartReading:
    """Ask for one part and parse it; `on_page` is told of each page as it comes.

    Of the parsers whose pages can be had, those of the widest joins are called. Errors of
    collecting end up in the reading. Anything else that a parser raises is a bug and leaves this
    function.
    """
    reader = _Reader(
        provider=provider, part=part, fetcher=fetcher, parsing=parsing, on_page=on_page
    )
    for kinds in _joins(provider, part, fetcher=fetcher):
        reader.read(kinds)
    return PartReading(
        part=part.name,
        rows=tuple(reader.rows),
        rejects=tuple(reader.rejects),
        page_count=reader.page_count,
        error=reader.error,
    )


def _joins(provider: Provider, part: Part, *, fetcher: Fetcher) -> tuple[tuple[str, ...], ...]:
    """Choose what to read: the widest joins of what is recorded, which live is everything.

    A join that is not recorded whole is read in vain, to say what is missing, unless a parser of
    a part of it stands in: a page alone for page and stock.
    """
    recorded = {kind for kind, request in part.requests.items() if fetcher.records(request)}
    whole = provider.parsers_for(recorded)
    lacking = (
        kinds
        for kinds in provider.parsers_for(part.requests)
        if kinds not in whole and not any(set(group) < set(kinds) for group in whole)
    )
    return (*whole, *lacking)


class _Reader:
    def __init__(
        self,
        *,
        provider: Provider,
        part: Part,
        fetcher: Fetcher,
        parsing: Parsing,
        on_page: OnPage | None,
    ) -> None:
        self._provider = provider
        self._part = part
        self._fetcher = fetcher
        self._parsing = parsing
        self._on_page = on_page
        self.rows: list[PrintedRow] = []
        self.rejects: list[Reject] = []
        self.page_count = 0
        self.error: CollectError | None = None

    def read(self, kinds: tuple[str, ...]) -> None:
        """Read what one parser needs. A join needs all of its kinds whole, or it is not called."""
        try:
            if len(kinds) == 1:
                self._read_alone(kinds[0])
            else:
                self._read_joined(kinds)
        except CollectError as error:
            # The first cause is shown, but a request that was never recorded explains least.
            if self.error is None or isinstance(self.error, NotRecorded):
                self.error = error

    def _read_alone(self, kind: str) -> None:
        known: set[RowKey] = set()
        for page in self._pages(kind):
            rows = self._parsed(page, self._parsing.parse(self._provider, (kind,), ((page,),)))
            keys = {row.key for row in rows}
            if keys and keys <= known:
                # The provider gives the same rows under ever new addresses.
                return
            known |= keys

    def _read_joined(self, kinds: tuple[str, ...]) -> None:
        missing = [kind for kind in kinds if not self._has_answer(kind)]
        if missing:
            raise NotRecorded(f"no recording of {', '.join(missing)}")
        pages = tuple(self._recorded_pages(kind) for kind in kinds)
        firsts = {kind: found[0] for kind, found in zip(kinds, pages, strict=True)}
        joined = self._parsing.parse(self._provider, kinds, pages)
        self._parsed(pages[0][0], joined, firsts=firsts)

    def _recorded_pages(self, kind: str) -> tuple[Page, ...]:
        """Return the pages of a kind; a later one that was never recorded is only missed."""
        pages: list[Page] = []
        try:
            pages.extend(self._pages(kind))
        except NotRecorded as error:
            if not pages:
                raise
            self.error = self.error or error
        return tuple(pages)

    def _has_answer(self, kind: str) -> bool:
        return self._fetcher.records(self._part.requests[kind])

    def _pages(self, kind: str) -> Iterator[Page]:
        """Give the pages of one kind, following addresses that were not asked yet."""
        if not self._has_answer(kind):
            raise NotRecorded(f"no recording of {kind}")
        first = self._part.requests[kind]
        asked, waiting = {first.url}, [first]
        while waiting:
            if len(asked) - len(waiting) >= MAX_PAGES:
                raise UnsafeResponse(f"{kind}: more than {MAX_PAGES} pages")
            page = self._fetch(waiting.pop(0), kind)
            yield page
            for url in self._parsing.follow(self._provider, page):
                if url not in asked:
                    asked.add(url)
                    waiting.append(replace(first, url=url))

    def _fetch(self, request: Request, kind: str) -> Page:
        page = self._fetcher.fetch(
            request, provider=self._provider, kind=kind, part=self._part.name
        )
        self.page_count += 1
        if self._on_page:
            self._on_page(page)
        if page.is_html and kind in self._provider.declared:
            # What a contract declares holds for its data, not for a page shown in their place.
            raise PageChanged(f"{kind}: sent as HTML, not as the data that its contract promises")
        return page

    def _parsed(
        self,
        page: Page,
        parsed: Iterable[RawOffer | Reject],
        *,
        firsts: Mapping[str, Page] | None = None,
    ) -> list[PrintedRow]:
        """Take what a parser gave, but nothing of a page that its parser gave up on.

        `firsts` are the pages that a joined row may say to stand on, by kind.
        """
        rows: list[PrintedRow] = []
        rejects: list[Reject] = []
        for item in parsed:
            if isinstance(item, Reject):
                rejects.append(item)
            else:
                rows.append(PrintedRow(raw=item, page=(firsts or {}).get(item.printed_on, page)))
            if len(self.rows) + len(rows) + len(rejects) > MAX_ROWS:
                raise UnsafeResponse(f"{page.kind}: more than {MAX_ROWS} rows")
        self.rows += rows
        self.rejects += rejects
        return rows


def without_repeats(
    rows: Iterable[PrintedRow],
) -> tuple[tuple[PrintedRow, ...], tuple[Reject, ...]]:
    """Keep one row of each key; drop exact repeats.

    Repeats that contradict each other are all refused as DUPLICATE: no one can say which of them
    is right, and a price that may be wrong is worse than none.
    """
    by_key: dict[RowKey, list[PrintedRow]] = {}
    for row in rows:
        by_key.setdefault(row.key, []).append(row)
    kept: list[PrintedRow] = []
    rejects: list[Reject] = []
    for same in by_key.values():
        if all(row.raw == same[0].raw for row in same):
            kept.append(same[0])
        else:
            rejects += [Reject(reason="DUPLICATE", text=_shown(row)) for row in same]
    return tuple(kept), tuple(rejects)


def _shown(row: PrintedRow) -> str:
    words: Mapping[str, str] = {
        "sku": row.raw.sku,
        "region": row.raw.region,
        "price": row.raw.price,
        "stock": row.raw.stock or "",
    }
    return " ".join(f"{name}={text}" for name, text in words.items() if text)
