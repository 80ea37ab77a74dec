"""A quote: an answer of a calculator that does not move any more.

What it says is kept as bytes, so that it reads the same for as long as it is kept.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

REQUEST_IDS_KEPT_FOR = timedelta(hours=24)
LEAST_LIFETIME = timedelta(seconds=60)
USUAL_LIFETIME = timedelta(days=7)
LONGEST_LIFETIME = timedelta(days=90)
MAX_TITLE = 200

_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteHead:
    """What a list tells of a quote; `quote_id` sorts by `create_time`.

    `listed` is the quote as it stands in lists, serialised.
    """

    quote_id: str
    title: str
    create_time: datetime
    expire_time: datetime
    listed: bytes

    def is_expired(self, now: datetime) -> bool:
        """Whether its prices may not be relied upon any more."""
        return self.expire_time <= now

    def has_words(self, words: frozenset[str]) -> bool:
        """Whether its title has each of these words, as `words_of` gives them."""
        return words <= words_of(self.title)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """A whole quote; `document` is all of it, serialised. It is kept until `purge_time`."""

    head: QuoteHead
    document: bytes
    purge_time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRequest:
    """What a request id stands for: the digest of its request, and the quote that it made."""

    digest: str
    quote_id: str


def purge_time_of(*, create_time: datetime, expire_time: datetime, kept_for: timedelta) -> datetime:
    """Return until when a quote is kept: never for less than its prices may be relied on."""
    return max(create_time + kept_for, expire_time)


def quote_id_at(create_time: datetime, *, entropy: str) -> str:
    """Make the id of a quote: ids sort by `create_time` to the millisecond.

    `entropy` (lower-case hex) keeps quotes of the same millisecond apart.
    """
    milliseconds = int(create_time.timestamp() * 1000)
    return f"{milliseconds:012x}-{entropy}"


def words_of(text: str) -> frozenset[str]:
    """Return the words of a text, whatever their case."""
    return frozenset(_WORD.findall(text.casefold()))
