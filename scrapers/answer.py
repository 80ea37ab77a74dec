"""From the bytes of an HTTP answer to text: sizes, compression, character sets, statuses.

Used by live fetches and by replays alike, so that a recording is refused for what would be
refused live.
"""

import re
import zlib
from http import HTTPStatus

from scrapers.errors import (
    Blocked,
    CollectError,
    PageChanged,
    SignedOut,
    Unreachable,
    UnsafeResponse,
)
from scrapers.lines import MAX_LIST_BYTES, LineFilter
from scrapers.provider import Request

MIB = 1024 * 1024
MAX_HTML_BYTES = 10 * MIB
MAX_JSON_BYTES = 32 * MIB
MAX_RATIO = 100
RATIO_COUNTS_ABOVE_BYTES = MIB

REDIRECTS = frozenset({301, 302, 303, 307, 308})
MAX_REDIRECTS = 3
RETRIED = frozenset({408, 429, *range(500, 600)})

_STEP_BYTES = 64 * 1024
_META_WITHIN_BYTES = 1024
_META_CHARSET = re.compile(
    rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]+)", re.IGNORECASE
)
_HEADER_CHARSET = re.compile(r"charset\s*=\s*\"?\s*([A-Za-z0-9_.:-]+)", re.IGNORECASE)
_UTF8_BOM = b"\xef\xbb\xbf"
_OTHER_BOMS = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff", b"+/v")
# As browsers do, latin-1 is read as its superset. No UTF-16, no UTF-7: they hide markup.
_CODECS = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "ascii",
    "ascii": "ascii",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "windows-1252": "cp1252",
    "cp1252": "cp1252",
}


def error_of_status(status: int, *, url: str) -> CollectError | None:
    """Return what a status means for a collection; None for 200, the only answer."""
    if status == HTTPStatus.OK:
        return None
    try:
        words = f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        words = str(status)
    said = f"{url} answered {words}"
    if status == HTTPStatus.UNAUTHORIZED:
        return SignedOut(said)
    if status in {402, 403, 429, 451}:
        return Blocked(said)
    if status == HTTPStatus.REQUEST_TIMEOUT or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Unreachable(said)
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return UnsafeResponse(f"{said}, and it cannot be followed")
    return PageChanged(said)


def max_bytes_of(content_type: str) -> int:
    """Return how large an answer of a type may be after decompression."""
    return MAX_JSON_BYTES if "json" in content_type.lower() else MAX_HTML_BYTES


class Body:
    """Collects a body piece by piece, decompressing as it goes, and stops at its limits.

    Only gzip is ever asked for. Memory stays within `max_bytes` whatever is sent; of a list of
    `lines` only what they keep is held, and since an honest list may unpack to many times its
    size, its size alone is limited.
    """

    def __init__(
        self, *, content_encoding: str, max_bytes: int, lines: LineFilter | None = None
    ) -> None:
        coding = content_encoding.strip().lower()
        if coding not in {"", "identity", "gzip", "x-gzip"}:
            raise UnsafeResponse(f"the answer is encoded as {coding[:40]!a}, not asked for")
        self.is_compressed = coding in {"gzip", "x-gzip"}
        self._max_bytes = MAX_LIST_BYTES if lines else max_bytes
        self._decoder = zlib.decompressobj(wbits=31)
        self._received = 0
        self._lines = lines
        self._pieces: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> None:
        """Take the next bytes off the wire. Raises UnsafeResponse when a limit is passed."""
        self._received += len(data)
        if not self.is_compressed:
            self._keep(data)
            return
        try:
            self._inflate(data)
        except zlib.error as error:
            raise UnsafeResponse(f"the gzip encoding is broken ({error})") from error

    def finish(self) -> bytes:
        """Return the whole body. Raises Unreachable when its gzip stream was cut short."""
        if self.is_compressed and not self._decoder.eof:
            raise Unreachable("the answer was cut short inside its gzip encoding")
        return self._lines.finish() if self._lines else b"".join(self._pieces)

    def _inflate(self, data: bytes) -> None:
        while data:
            if self._decoder.eof:
                self._decoder = zlib.decompressobj(wbits=31)
            # What is ready beyond one step comes with the next bytes; the check sum is always last.
            self._keep(self._decoder.decompress(data, _STEP_BYTES))
            data = self._decoder.unused_data or self._decoder.unconsumed_tail

    def _keep(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size > self._max_bytes:
            raise UnsafeResponse(f"the answer is larger than {self._max_bytes // MIB} MiB")
        inflated = self._size > max(RATIO_COUNTS_ABOVE_BYTES, MAX_RATIO * self._received)
        if self.is_compressed and inflated and not self._lines:
            raise UnsafeResponse(f"the answer unpacks to more than {MAX_RATIO} times its size")
        if self._lines:
            self._lines.feed(piece)
        else:
            self._pieces.append(piece)


def line_filter_of(request: Request) -> LineFilter | None:
    """Return what keeps the lines that a request is for; None where it is for the whole answer."""
    if not request.only_lines:
        return None
    return LineFilter(wanted=request.only_lines, header_lines=request.header_lines)


def text_of(body: bytes, *, content_type: str) -> str:
    """Decode a body strictly, by its header, else its meta element, else as UTF-8.

    A UTF-8 byte order mark is dropped. Raises UnsafeResponse for any other character set than
    UTF-8, ASCII and Latin-1, for bytes that do not fit it, and for NUL.
    """
    if body.startswith(_OTHER_BOMS):
        raise UnsafeResponse("the answer is encoded in UTF-16, UTF-32 or UTF-7")
    declared = _declared_charset(body, content_type=content_type)
    codec = _CODECS.get(declared)
    if codec is None:
        raise UnsafeResponse(f"the answer declares the character set {declared[:40]!a}")
    if body.startswith(_UTF8_BOM):
        if codec != "utf-8":
            raise UnsafeResponse(f"the answer starts as UTF-8 but declares {declared}")
        body = body[len(_UTF8_BOM) :]
    try:
        text = body.decode(codec)
    except UnicodeDecodeError as error:
        raise UnsafeResponse(f"the answer is not valid {declared} at byte {error.start}") from error
    if "\0" in text:
        raise UnsafeResponse("the answer contains NUL")
    return text


def _declared_charset(body: bytes, *, content_type: str) -> str:
    header = _HEADER_CHARSET.search(content_type)
    if header:
        return header.group(1).lower()
    meta = _META_CHARSET.search(body[:_META_WITHIN_BYTES]) if "html" in content_type else None
    return meta.group(1).decode("ascii").lower() if meta else "utf-8"
