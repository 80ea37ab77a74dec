"""Lines of a list that is far too long to be kept: what a parser needs of them, and no more.

A quoted line break would cut a record in two, so this is for lists that hold none.
"""

from collections.abc import Sequence
from io import BytesIO

from scrapers.errors import UnsafeResponse

MAX_LIST_BYTES = 2 * 2**30
"""How large a list may be after decompression."""

MAX_KEPT_BYTES = 16 * 2**20
MAX_LINE_BYTES = 2**20


class LineFilter:
    """Takes a text piece by piece and keeps its first lines and those that hold a wanted text."""

    def __init__(self, *, wanted: Sequence[str], header_lines: int) -> None:
        if not all(wanted):
            raise ValueError("every line holds the empty text")
        self._wanted = tuple(text.encode() for text in wanted)
        self._headers_left = header_lines
        self._rest = b""
        # Gives its content away without a copy.
        self._kept = BytesIO()

    def feed(self, piece: bytes) -> None:
        """Take the next bytes. Raises UnsafeResponse for a line, or for lines, beyond a limit."""
        text = self._rest + piece
        end = text.rfind(b"\n") + 1
        self._rest = text[end:]
        if len(self._rest) > MAX_LINE_BYTES:
            raise UnsafeResponse(f"a line is longer than {MAX_LINE_BYTES // 2**20} MiB")
        self._take(text[:end])

    def finish(self) -> bytes:
        """Return the lines that were kept, in their order, the last one as it ended."""
        if self._rest:
            before = self._kept.tell()
            self._take(self._rest + b"\n")
            if self._kept.tell() > before:
                # A list that was cut off must not look whole.
                self._kept.truncate(self._kept.tell() - 1)
            self._rest = b""
        return self._kept.getvalue()

    def _take(self, lines: bytes) -> None:
        """Keep what is wanted of whole lines; those without a wanted text are never split."""
        at = 0
        while self._headers_left and at < len(lines):
            at = lines.index(b"\n", at) + 1
            self._headers_left -= 1
        self._keep(lines[:at])
        ends: dict[int, int] = {}
        for text in self._wanted:
            found = lines.find(text, at)
            while found >= 0:
                end = lines.index(b"\n", found) + 1
                ends[lines.rfind(b"\n", at, found) + 1 or at] = end
                found = lines.find(text, end)
        for start in sorted(ends):
            self._keep(lines[start : ends[start]])

    def _keep(self, lines: bytes) -> None:
        if self._kept.tell() + len(lines) > MAX_KEPT_BYTES:
            raise UnsafeResponse(f"more than {MAX_KEPT_BYTES // 2**20} MiB of the lines are wanted")
        self._kept.write(lines)
