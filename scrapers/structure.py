"""A digest of how a page is built, which stays while only prices, rows and prose change.

It is made of the keys of JSON, the headings and labels of HTML tables, and the words for units
and currencies. Rule R9 of the gate compares it between runs: a price that moves while the page
changes its structure may be another column, and is not accepted by repetition.
"""

import hashlib
import re
from collections.abc import Iterable

from scrapers.page import Page

# A name with a digit or a hyphen is an id (a region, a plan) that stands where a key does.
_KEY = re.compile(r'\\?"([A-Za-z_]{1,40})\\?"\s*:')
_HEADING = re.compile(r"<th\b[^>]*>(.{0,200}?)</th>", re.DOTALL)
_LABEL = re.compile(r'\bdata-label="([^"]{1,60})"')
_TAG = re.compile(r"<[^>]*>")
_SHORT_TEXT = re.compile(r'[>"]([^<>"]{1,40})[<"\\]')
_UNIT = re.compile(
    r"\b(?:USD|EUR|GBP|CAD|AUD|JPY|CNY|INR|CHF|cents?|hours?|hrs?|hourly|months?|mo|monthly"
    r"|minutes?|min|seconds?|secs?|days?|daily|years?|yearly|per gpu|per node|per instance)\b"
    r"|[$€£¥₹]|/ ?(?:gpu|node|instance|vcpu|h|m|s)\b",
    re.IGNORECASE,
)


def marks_of(page: Page) -> frozenset[str]:
    """Return what the structure of one page consists of."""
    text = page.text
    marks = {f"key {name}" for name in _KEY.findall(text)}
    if page.is_html:
        headings = (*_HEADING.findall(text), *_LABEL.findall(text))
        marks |= {f"column {_plain(heading)}" for heading in headings}
    # Prose is left out: only a short text beside a number is a unit.
    for short in set(_SHORT_TEXT.findall(text)):
        marks |= {f"unit {word.lower()}" for word in _UNIT.findall(short)}
    return frozenset(f"{page.kind} {mark}" for mark in marks)


def digest_of(marks: Iterable[str]) -> str:
    """Digest the marks of all pages of a run; "" for none."""
    ordered = sorted(marks)
    return hashlib.sha256("\n".join(ordered).encode()).hexdigest()[:16] if ordered else ""


def _plain(heading: str) -> str:
    return " ".join(_TAG.sub(" ", heading).split()).lower()
