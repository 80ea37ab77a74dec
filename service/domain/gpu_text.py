"""How the text that names a GPU falls into tokens.

A text such as "gpu_8x_a100_80gb_sxm4" is cut at everything that is no letter or digit. A piece
that no GPU name knows ("6000ada", "8xh100", "rtx4090") is cut further only where every part is
known, and never between two digits: "a1000" is not an A100 and "rtx5090m" is not an RTX 5090.
"""

import re
import unicodedata
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class TokenKind(StrEnum):
    """What a token says."""

    WORD = "word"
    SIZE = "size"
    COUNT = "count"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a GPU's name: a lower-case word, "80gb" for a memory size, "8x" for a count."""

    kind: TokenKind
    text: str

    @property
    def number(self) -> Decimal:
        """The number of a size (GB) or of a count."""
        return Decimal(self.text.rstrip("gbx"))


_SIZE = r"[1-9][0-9]*(?:\.[0-9]+)?\s?(?:gib|gb|g)"
_COUNT = r"[1-9][0-9]{0,2}\s?x(?![0-9])|x\s?[1-9][0-9]{0,2}"
_TOKEN = re.compile(
    rf"(?<![a-z0-9.])(?P<size>{_SIZE})(?![a-z0-9])"
    rf"|(?<![a-z0-9.])(?P<count>{_COUNT})(?![a-z0-9])"
    r"|(?P<word>[a-z0-9]+)",
    re.ASCII,
)
_SIZE_PART = re.compile(_SIZE, re.ASCII)
_COUNT_PART = re.compile(_COUNT, re.ASCII)
_MARKS = str.maketrans({"®": " ", "™": " ", "©": " ", "\u00d7": "x"})  # the times sign of "8 x"
# Nothing that names a GPU is longer; a bound keeps the segmentation of hostile text cheap.
_MAX_WORD = 40

_FRACTION = re.compile(
    r"""(?<![a-z])mig(?![a-z])             # a MIG slice by name
      | (?<![a-z0-9])[0-9]+[gc]\.[0-9]+gb  # by profile: "1g.24gb"
      | (?<![a-z])(?:slices?|fraction|fractional|vgpu|half|quarter)(?![a-z])
      | (?<![0-9])[0-9]+\s*[/\u2044]\s*[0-9]  # "1/8"
    """,
    re.ASCII | re.VERBOSE,
)


def folded(text: str) -> str:
    """Return a name in NFKC and lower case, without trade marks and invisible characters."""
    plain = unicodedata.normalize("NFKC", text.translate(_MARKS)).casefold()
    shown = "".join(c for c in plain if unicodedata.category(c) != "Cf")
    return shown.replace("pci-e", "pcie").strip()


def names_a_fraction(folded_text: str) -> bool:
    """Say whether the text speaks of a part of a GPU: MIG, a slice, "1/8"."""
    return _FRACTION.search(folded_text) is not None


def tokens_of(folded_text: str, *, known_words: AbstractSet[str]) -> tuple[Token, ...]:
    """Cut a folded text into tokens, in their order.

    A letter or digit beyond ASCII makes an UNREADABLE token: a Cyrillic look-alike is not a GPU.
    """
    found: list[Token] = []
    if any(c.isalnum() and not c.isascii() for c in folded_text):
        found.append(Token(TokenKind.UNREADABLE, folded_text))
    for match in _TOKEN.finditer(folded_text):
        if match["size"]:
            found.append(_size(match["size"]))
        elif match["count"]:
            found.append(_count(match["count"]))
        else:
            found.extend(_split(match["word"], known_words) or (_word(match["word"]),))
    return tuple(found)


def _word(text: str) -> Token:
    return Token(TokenKind.WORD, text)


def _size(text: str) -> Token:
    return Token(TokenKind.SIZE, f"{text.rstrip('gib').rstrip()}gb")


def _count(text: str) -> Token:
    return Token(TokenKind.COUNT, f"{text.strip('x').strip()}x")


def _split(word: str, known_words: AbstractSet[str]) -> tuple[Token, ...]:
    """Cut a word into known parts, always the longest; empty when something is left over.

    No second try with a shorter part: "mi250x4" is not four MI250, nor "a10gpu" an A10.
    """
    parts: list[Token] = []
    rest = word
    while rest and len(word) <= _MAX_WORD:
        ends = (end for end in range(len(rest), 0, -1) if not _cuts_a_number(rest, end))
        known = ((end, _known_part(rest[:end], known_words)) for end in ends)
        end, part = next(((end, part) for end, part in known if part), (0, None))
        if part is None:
            return ()
        parts.append(part)
        rest = rest[end:]
    return tuple(parts)


def _cuts_a_number(word: str, end: int) -> bool:
    return end < len(word) and word[end - 1].isdigit() and word[end].isdigit()


def _known_part(part: str, known_words: AbstractSet[str]) -> Token | None:
    if _SIZE_PART.fullmatch(part):
        return _size(part)
    if _COUNT_PART.fullmatch(part):
        return _count(part)
    return _word(part) if part in known_words else None
