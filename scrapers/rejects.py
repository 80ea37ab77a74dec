"""Rows that were not used, made fit to be counted and shown."""

from collections.abc import Iterable

from scrapers.provider import Reject
from service.domain.provider import RejectCount

_MAX_SAMPLES = 5
_MAX_SAMPLE_CHARACTERS = 200


def counted(rejects: Iterable[Reject]) -> tuple[RejectCount, ...]:
    """Count rejects by reason, the most frequent first, with a few samples of each."""
    texts: dict[str, list[str]] = {}
    for reject in rejects:
        texts.setdefault(reject.reason, []).append(reject.text)
    counts = [
        RejectCount(
            reason=reason,
            row_count=len(same),
            samples=tuple(
                one_line(text, limit=_MAX_SAMPLE_CHARACTERS)
                for text in list(dict.fromkeys(same))[:_MAX_SAMPLES]
            ),
        )
        for reason, same in texts.items()
    ]
    return tuple(sorted(counts, key=lambda count: (-count.row_count, count.reason)))


def one_line(text: str, *, limit: int) -> str:
    """Make scraped text fit to show: no control characters, no more than `limit` characters."""
    plain = "".join(c if c.isprintable() else " " for c in text)
    plain = " ".join(plain.split())
    return plain if len(plain) <= limit else plain[: limit - 1] + "…"


def escaped(text: str, *, max_bytes: int) -> str:
    """Make scraped text fit to keep as evidence: what does not print is shown as its escape.

    At most `max_bytes` of UTF-8, cut between characters.
    """
    plain = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
    encoded = plain.encode("utf-8", "backslashreplace")
    return encoded[:max_bytes].decode("utf-8", "ignore")
