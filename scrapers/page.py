"""A fetched page and the ways to read it; whatever is missing raises PageChanged.

Only this module knows bs4, csv and json. Numbers of a JSON page stay the text that was printed, so
no price ever passes through a float.
"""

import csv
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from itertools import accumulate, islice
from typing import Any, cast

from bs4 import BeautifulSoup, Comment, Tag

from scrapers.errors import PageChanged

_SHOWN_KEYS = 12
# Deeper than any page of a provider; a parser must not be driven into recursion by a hostile one.
_MAX_JSON_DEPTH = 64
# Selectors look at all that an element stands in: 50,000 levels would take minutes.
_MAX_HTML_DEPTH = 256
_FLIGHT_PUSH = re.compile(r'__next_f\.push\(\[1,\s*("[^"\\]*(?:\\.[^"\\]*)*")\]\)', re.DOTALL)
# An escape that may be one half of a character of two; a lone half is no text, and in no encoding.
_HALF_CHARACTER = re.compile(r"\\u[dD][89a-fA-F]")
# Strings, also one that never ends, and all else that is no bracket.
_NO_BRACKETS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[^"\[\]{}]+', re.DOTALL)
_LEVELS = {"[": 1, "{": 1, "]": -1, "}": -1}
_PLAIN_NUMBER = re.compile(r"[0-9]{1,18}(?:\.[0-9]{1,18})?", re.ASCII)


@dataclass(frozen=True)
class Page:
    """One answer of a provider: decoded text and where it came from.

    `observe_time` is when the source said this: now for a live page, the date of the recording in
    a replay. It decides between dated price columns. `byte_count` is the size after decompression.
    """

    kind: str
    part: str
    url: str
    text: str
    content_type: str
    observe_time: datetime
    byte_count: int = 0

    @property
    def is_html(self) -> bool:
        """Whether the page was sent as HTML, and so has to print its currency and units."""
        return "html" in self.content_type.lower()

    @cached_property
    def json(self) -> "Json":
        """The page as JSON. Raises PageChanged when it is not, or holds a key twice."""
        return Json.loads(self.text, path=self.kind)

    @cached_property
    def html(self) -> "Element":
        """The page as HTML. Raises PageChanged when it ends within a text or a tag.

        A page that was cut off would otherwise end in a price that lacks its last digits.
        """
        return Element(self._soup(), path=self.kind)

    def scripts(self, content_type: str) -> tuple["Json", ...]:
        """Return the JSON of every `<script type=content_type>`. Raises PageChanged for none."""
        scripts = self.html.all(f'script[type="{content_type}"]')
        return tuple(Json.loads(s.source, path=f"{self.kind} script") for s in scripts)

    @cached_property
    def flight(self) -> str:
        """What the page's scripts push for Next.js to build it from, put together.

        A text that is to begin with "$" has "$$" there, and "$L2f" points to another line. Raises
        PageChanged when nothing is pushed.
        """
        scripts = (script.source for script in self.html.find_all("script"))
        pushed = [text for script in scripts for text in _FLIGHT_PUSH.findall(script)]
        if not pushed:
            raise PageChanged(f"{self.kind}: no script pushes data")
        # Not .text: that strips, and a push may end within a text.
        return "".join(str(Json.loads(text, path=f"{self.kind} push").value) for text in pushed)

    def pushed(self, key: str) -> "Json":
        """Return the first object or array that stands under a key in what is pushed.

        Raises PageChanged when there is none; "$1f" in its place points to another line.
        """
        for found in re.finditer(rf'"{re.escape(key)}":\s*(?=[\[{{])', self.flight):
            return Json.starting(self.flight[found.end() :], path=f"{self.kind} {key}")
        raise PageChanged(f"{self.kind}: nothing is pushed as {key!r}")

    def csv(self, *, header_lines: int = 1) -> Iterator["Cells"]:
        """Walk the page as CSV; the last of its `header_lines` names the columns.

        Raises PageChanged for a column that is named twice, a row that has not as many cells, and
        a page that ends within a line: it would end in a price that lacks its last digits.
        """
        if not self.text.endswith("\n"):
            raise PageChanged(f"{self.kind}: not whole CSV, it ends in {self.text[-20:]!r}")
        rows = csv.reader(islice(_lines(self.text), header_lines - 1, None), strict=True)
        try:
            columns = [column.strip() for column in next(rows, [])]
            if not columns:
                raise PageChanged(f"{self.kind}: not CSV, it has no line {header_lines}")
            if len(set(columns)) != len(columns):
                raise PageChanged(f"{self.kind}: a column is named twice in {', '.join(columns)}")
            for number, row in enumerate(rows, start=1):
                if len(row) != len(columns):
                    found = f"{len(row)} cells under {len(columns)} columns"
                    raise PageChanged(f"{self.kind} row {number}: {found}")
                cells = dict(zip(columns, (cell.strip() for cell in row), strict=True))
                yield Cells(cells, f"{self.kind} row {number}")
        except csv.Error as error:
            raise PageChanged(f"{self.kind}: not CSV ({error})") from error

    def html_without(self, css: str, *, attribute: Callable[[str, str], str | None]) -> str:
        """Write the page as HTML again, without comments and what a selector matches.

        `attribute` gives what is kept of an attribute, None for nothing. Raises PageChanged as
        `html` does.
        """
        soup = self._soup()
        for tag in soup.select(css):
            tag.decompose()
        for comment in soup.find_all(string=lambda text: isinstance(text, Comment)):
            comment.extract()
        for tag in soup.find_all(name=True):
            for name, value in list(tag.attrs.items()):
                kept = attribute(name, value) if isinstance(value, str) else value
                if kept is None:
                    del tag[name]
                else:
                    tag[name] = kept
        return soup.decode()

    def _soup(self) -> BeautifulSoup:
        if not self.text.rstrip().endswith(">"):
            raise PageChanged(f"{self.kind}: not whole HTML, it ends in {self.text[-20:]!r}")
        soup = BeautifulSoup(self.text, "lxml")
        if _is_deep(soup):
            raise PageChanged(f"{self.kind}: nested deeper than {_MAX_HTML_DEPTH}")
        return soup


@dataclass(frozen=True, slots=True)
class Json:
    """A place in a JSON document; `path` names it in errors."""

    value: Any
    path: str

    @classmethod
    def loads(cls, text: str, *, path: str) -> "Json":
        """Read a document, numbers as printed. Raises PageChanged for what is not strict JSON."""
        return cls._read(_DECODER.decode, text, path=path)

    @classmethod
    def starting(cls, text: str, *, path: str) -> "Json":
        """Read the value that a text begins with, whatever follows. Raises as `loads` does."""
        return cls._read(lambda whole: _DECODER.raw_decode(whole)[0], text, path=path)

    @classmethod
    def _read(cls, decode: Callable[[str], Any], text: str, *, path: str) -> "Json":
        if _depth(text) > _MAX_JSON_DEPTH:
            raise PageChanged(f"{path}: nested deeper than {_MAX_JSON_DEPTH}")
        try:
            value = decode(text)
            if _HALF_CHARACTER.search(text):
                json.dumps(value, ensure_ascii=False).encode()
            return cls(value, path)
        except ValueError as error:
            raise PageChanged(f"{path}: not JSON ({error})") from error

    def __getitem__(self, key: str) -> "Json":
        """Return a member. Raises PageChanged, naming the keys that are there."""
        members = self._members()
        if members is None:
            raise PageChanged(f"{self.path}: expected an object with {key!r}, got {self._kind()}")
        if key not in members:
            found = ", ".join(sorted(members)[:_SHOWN_KEYS]) or "nothing"
            raise PageChanged(f"{self.path}: no {key!r}; found {found}")
        return Json(members[key], f"{self.path}.{key}")

    def find(self, key: str) -> "Json | None":
        """Return a member, or None when it is absent or null."""
        member = (self._members() or {}).get(key)
        return None if member is None else Json(member, f"{self.path}.{key}")

    def text_of(self, key: str) -> str:
        """Return a member's text, "" when it is absent or null."""
        member = self.find(key)
        return member.text if member else ""

    def printed(self, key: str) -> str:
        """Return a member's text, "" when it is null. Raises PageChanged when it is absent.

        For prices: a row may have none, but a page whose rows lost the key has changed.
        """
        member = self[key]
        return "" if member.value is None else member.text

    @property
    def text(self) -> str:
        """The scalar as printed; true and false as those words. Raises PageChanged otherwise."""
        if isinstance(self.value, bool):
            return "true" if self.value else "false"
        if isinstance(self.value, str):
            return self.value.strip()
        raise PageChanged(f"{self.path}: expected text or a number, got {self._kind()}")

    @property
    def number(self) -> Decimal:
        """The number as printed, exactly. Raises PageChanged for a sign, an exponent, a word."""
        text = self.text
        if not _PLAIN_NUMBER.fullmatch(text):
            raise PageChanged(f"{self.path}: {text[:40]!r} is not a plain number")
        return Decimal(text)

    def each(self) -> Iterator["Json"]:
        """Walk an array. Raises PageChanged when it is not one."""
        if not isinstance(self.value, list):
            raise PageChanged(f"{self.path}: expected an array, got {self._kind()}")
        for index, value in enumerate(cast("list[object]", self.value)):
            yield Json(value, f"{self.path}[{index}]")

    def members(self) -> Iterator[tuple[str, "Json"]]:
        """Walk an object. Raises PageChanged when it is not one."""
        members = self._members()
        if members is None:
            raise PageChanged(f"{self.path}: expected an object, got {self._kind()}")
        for key, value in members.items():
            yield key, Json(value, f"{self.path}.{key}")

    def _members(self) -> dict[str, Any] | None:
        return cast("dict[str, Any]", self.value) if isinstance(self.value, dict) else None

    def _kind(self) -> str:
        names = {"dict": "an object", "list": "an array", "str": "text", "NoneType": "null"}
        return names.get(type(self.value).__name__, "a boolean")


@dataclass(frozen=True, slots=True)
class Element:
    """A place in an HTML document; `path` names it in errors."""

    tag: Tag
    path: str

    def all(self, css: str) -> tuple["Element", ...]:
        """Return every match of a selector. Raises PageChanged for none."""
        matches = self.find_all(css)
        if not matches:
            raise PageChanged(f"{self.path}: nothing matches {css!r}")
        return matches

    def find_all(self, css: str) -> tuple["Element", ...]:
        """Return every match of a selector, perhaps none."""
        return tuple(Element(tag, f"{self.path} {css}") for tag in self.tag.select(css))

    def one(self, css: str) -> "Element":
        """Return the first match of a selector. Raises PageChanged for none."""
        return self.all(css)[0]

    @property
    def text(self) -> str:
        """The text with runs of white space as one space."""
        return re.sub(r"\s+", " ", self.tag.get_text(" ")).strip()

    @property
    def source(self) -> str:
        """The text exactly as it stands; for scripts."""
        return self.tag.get_text()

    def attr(self, name: str) -> str:
        """Return an attribute. Raises PageChanged when it is absent."""
        value = self.tag.get(name)
        if value is None:
            raise PageChanged(f"{self.path}: no attribute {name!r}")
        return " ".join(value) if isinstance(value, list) else value.strip()

    def labelled(self, css: str, *, label: str) -> "Cells":
        """Return the texts of the matches of a selector by their attribute `label`."""
        return Cells({cell.attr(label): cell.text for cell in self.all(css)}, self.path)


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells of one table row by column name."""

    cells: Mapping[str, str]
    path: str

    def __getitem__(self, column: str) -> str:
        """Return a cell. Raises PageChanged, naming the columns that are there."""
        if column not in self.cells:
            raise PageChanged(f"{self.path}: no column {column!r}; found {', '.join(self.cells)}")
        return self.cells[column]

    def find(self, column: str) -> str:
        """Return a cell, "" when there is no such column."""
        return self.cells.get(column, "")

    def starting(self, prefix: str) -> tuple[str, str]:
        """Return the column whose name starts so, and its cell. Raises PageChanged for none.

        For columns whose name carries a unit or a footnote sign: "PRICE/GPU/HR*".
        """
        for column, text in self.cells.items():
            if column.startswith(prefix):
                return column, text
        raise PageChanged(f"{self.path}: no column {prefix!r}…; found {', '.join(self.cells)}")


def _lines(text: str) -> Iterator[str]:
    """Walk the lines of a text. A StringIO would hold it once more, at four bytes a character."""
    at = 0
    while at < len(text):
        end = text.find("\n", at) + 1 or len(text)
        yield text[at:end]
        at = end


def _refuse_constant(text: str) -> str:
    raise ValueError(f"{text} is no number")


def _refuse_double_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("an object holds a key twice")
    return members


def _is_deep(soup: BeautifulSoup) -> bool:
    """Tell whether elements stand in each other beyond what a page needs."""
    level: list[Tag] = [soup]
    for _ in range(_MAX_HTML_DEPTH):
        level = [child for tag in level for child in tag.contents if isinstance(child, Tag)]
    return bool(level)


def _depth(text: str) -> int:
    """Count the deepest nesting of brackets outside strings."""
    brackets = _NO_BRACKETS.sub("", text)
    return max(accumulate(map(_LEVELS.__getitem__, brackets), initial=0))


_DECODER = json.JSONDecoder(
    parse_float=str,
    parse_int=str,
    parse_constant=_refuse_constant,
    object_pairs_hook=_refuse_double_keys,
)
