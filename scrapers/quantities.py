"""The grammar of printed quantities: counts, sizes, terms. Text in, exact values out."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from scrapers.printed import Unreadable, number_from_text
from service.domain.offer import HOURS_PER_MONTH, HOURS_PER_YEAR

MAX_SLICES = 20
"""A GPU is sold in at most so many equal parts, as far as a count is read from memory sizes."""

MAX_PARTS = 12
"""Several of so many parts are still a share ("5/12"); 34 of 288 GB are 1/8, hardly 2/17."""

# Machines are built of so many GPUs. Six by memory alone is a size that is printed wrong: Vultr's
# eight MI325X of 256 GB are called "1536vram".
_COUNTS = tuple(Fraction(2**n) for n in range(8))
_EXACT = Fraction(1, 200)
_NEAR = Fraction(7, 100)
_SHARE_DIGITS = 10**6
_MAX_COUNT = 100_000

_FOOTNOTE = re.compile(r"(?:\^[0-9]+|[¹²³⁰⁴-⁹]+|[*†‡]+)$")
_TIMES = re.compile(
    r"(?:(?P<after>[0-9.,]+)\s?[x\u00d7]|[x\u00d7]\s?(?P<before>[0-9.,]+))", re.ASCII
)
_RATIO = re.compile(r"(?P<part>[0-9]{1,3})/(?P<whole>[0-9]{1,3})", re.ASCII)

_SIZE = re.compile(r"(?P<number>[0-9][0-9.,]*)\s*(?P<unit>[A-Za-z]+)", re.ASCII)
_DISKS = re.compile(
    r"(?:(?P<count>[0-9]{1,3})\s*[x\u00d7]\s*)?(?P<number>[0-9][0-9.,]*)\s*(?P<words>[A-Za-z ]*)",
    re.ASCII,
)
_DISK_WORDS = frozenset({"ssd", "nvme", "hdd", "local", "disk", "storage", "ephemeral"})
_BINARY = {"B": 1, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40}
_DECIMAL = {"KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
# Memory chips are sized in powers of two, whatever the "i" says (JEDEC 100B.01).
_MEMORY_UNITS = _BINARY | {"KB": 2**10, "MB": 2**20, "GB": 2**30, "G": 2**30, "TB": 2**40}
_DISK_UNITS = _BINARY | _DECIMAL

_MOMENT = re.compile(
    r"20[0-9]{2}-[0-9]{2}-[0-9]{2}"
    r"(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?",
    re.ASCII,
)
_LENGTH = (
    r"(?P<{0}>[0-9]{{1,4}}|one|two|three)[\s-]?"
    r"(?P<{0}_unit>years?|yrs?|months?|mo|weeks?|days?|hours?)"
)
_TERM = re.compile(
    rf"{_LENGTH.format('least')}(?:\s?(?P<open>\+)|\s?(?:-|\u2013|to)\s?{_LENGTH.format('most')})?",
    re.ASCII | re.IGNORECASE,
)
# "1-3 months" says its unit once.
_SHORT_RANGE = re.compile(r"^(\d{1,4})\s?(?:-|\u2013|to)\s?(\d{1,4})\s?([A-Za-z]+)$", re.ASCII)
_WORDS = {"one": 1, "two": 2, "three": 3}
_HOURS = {"y": HOURS_PER_YEAR, "m": HOURS_PER_MONTH, "w": 168, "d": 24, "h": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A printed commitment; `most` is None for an open end ("1 year+")."""

    least: timedelta
    most: timedelta | None

    @property
    def is_exact(self) -> bool:
        """Whether the text names one length."""
        return self.least == self.most

    @property
    def code(self) -> str:
        """The term in hours: "8760h", "336h-8760h", "8760h+"; equal terms have equal codes."""
        if self.most is None:
            return f"{_hours(self.least)}h+"
        return f"{_hours(self.least)}h" + ("" if self.is_exact else f"-{_hours(self.most)}h")


def count_from_text(text: str) -> Fraction:
    """Read a count of GPUs: "8", "8x", "0.5", "1/8", "4^1" and "4²" with their footnotes.

    Raises Unreadable for anything else, for zero, and for a mixed number such as "1.5".
    """
    plain = _FOOTNOTE.sub("", text.strip()).strip()
    ratio = _RATIO.fullmatch(plain)
    if ratio:
        whole = int(ratio["whole"])
        count = Fraction(int(ratio["part"]), whole) if whole else Fraction(0)
    else:
        times = _TIMES.fullmatch(plain)
        count = Fraction(number_from_text((times["after"] or times["before"]) if times else plain))
    is_whole_or_part = count.denominator == 1 or count < 1
    if not 0 < count <= _MAX_COUNT or not is_whole_or_part:
        raise Unreadable(f"{text[:40]!r} is not a count of GPUs")
    return count


def whole_from_text(text: str) -> int:
    """Read a whole number that may be zero: "192", "1,024", "256+". Raises Unreadable."""
    number = number_from_text(_FOOTNOTE.sub("", text.strip()).strip().removesuffix("+"))
    if number != number.to_integral_value() or number > 2**31 - 1:
        raise Unreadable(f"{text[:40]!r} is not a whole number")
    return int(number)


def memory_gib(text: str) -> Decimal:
    """Read a memory size with its unit as GiB: "1800 GiB", "4,096 GB", "25769803776 B".

    A GB of memory is 2^30 bytes. Raises Unreadable.
    """
    match = _SIZE.fullmatch(text.strip())
    scale = _MEMORY_UNITS.get(match["unit"].upper()) if match else None
    if match is None or scale is None:
        raise Unreadable(f"{text[:40]!r} is not a size of memory")
    return number_from_text(match["number"]) * scale / 2**30


def storage_gb(text: str) -> Decimal:
    """Read local storage as GB: "22 TiB SSD", "4 x 1900 GB NVMe SSD", "8 x 1000 SSD" (GB).

    A GB of storage is 10^9 bytes. Raises Unreadable, also for a lone number without a unit.
    """
    match = _DISKS.fullmatch(text.strip())
    if match is None:
        raise Unreadable(f"{text[:40]!r} is not a size of storage")
    words = match["words"].split()
    unit = words.pop(0).upper() if words and words[0].upper() in _DISK_UNITS else ""
    has_unit = unit or match["count"]
    if not has_unit or not all(word.lower() in _DISK_WORDS for word in words):
        raise Unreadable(f"{text[:40]!r} is not a size of storage")
    one_disk = number_from_text(match["number"]) * _DISK_UNITS[unit or "GB"] / 10**9
    return one_disk * int(match["count"] or 1)


def term_from_text(text: str) -> Term:
    """Read "1 Year", "36 months", "2 weeks - 1 year", "1-3 months" or "1 year+". Raises Unreadable.

    A year is 8,760 hours, a month 730.
    """
    match = _TERM.fullmatch(_SHORT_RANGE.sub(r"\1 \3 - \2 \3", text.strip()))
    if match is None:
        raise Unreadable(f"{text[:40]!r} is not a term")
    least = _length(match["least"], match["least_unit"])
    if match["open"]:
        return Term(least=least, most=None)
    most = _length(match["most"], match["most_unit"]) if match["most"] else least
    if not timedelta(0) < least <= most:
        raise Unreadable(f"{text[:40]!r} is not a term")
    return Term(least=least, most=most)


def share_from_text(text: str) -> Decimal:
    """Read a share of one: "0.98" or "98%". Raises Unreadable, also for what is above one."""
    plain = text.strip()
    number = number_from_text(plain.removesuffix("%").rstrip())
    share = number / 100 if plain.endswith("%") else number
    if share > 1:
        raise Unreadable(f"{text[:40]!r} is more than all")
    return share


def moment_from_text(text: str) -> datetime:
    """Read an ISO 8601 date (its midnight) or date-time; without an offset it is UTC.

    Raises Unreadable for anything else, and for years that no price is about.
    """
    plain = text.strip()
    if not _MOMENT.fullmatch(plain):
        raise Unreadable(f"{text[:40]!r} is not an ISO 8601 date or time")
    try:
        moment = datetime.fromisoformat(plain)
    except ValueError as error:
        raise Unreadable(f"{text[:40]!r} is not a date or time ({error})") from error
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def share_of(total_gib: Decimal, *, whole_gib: Decimal) -> Fraction:
    """Say how many GPUs of `whole_gib` hold `total_gib`: 40 of 80 is 1/2, 640 of 80 is 8.

    A count is a power of two, within 7 %. Below that it is a part of one GPU: an exact k/n, an
    n-th within 7 %, or the ratio to six digits. Raises Unreadable for anything else.
    """
    ratio = Fraction(total_gib) / Fraction(whole_gib)
    near = _within(_NEAR, ratio, _COUNTS)
    if near:
        return near[0]
    if not 0 < ratio < 1:
        raise Unreadable(f"{total_gib:f} GB is no count of GPUs of {whole_gib:f} GB")
    slices = [Fraction(1, n) for n in range(2, MAX_SLICES + 1)]
    parts = [Fraction(k, n) for n in range(2, MAX_PARTS + 1) for k in range(1, n)]
    found = _within(_EXACT, ratio, (*slices, *parts)) or _within(_NEAR, ratio, slices)
    return found[0] if found else Fraction(round(ratio * _SHARE_DIGITS), _SHARE_DIGITS)


def _within(tolerance: Fraction, ratio: Fraction, shares: Iterable[Fraction]) -> list[Fraction]:
    return [share for share in shares if abs(ratio - share) <= share * tolerance]


def _length(number: str, unit: str) -> timedelta:
    count = _WORDS.get(number.lower()) or int(number)
    return timedelta(hours=count * _HOURS[unit[0].lower()])


def _hours(length: timedelta) -> int:
    return length // timedelta(hours=1)
