"""What a recorded page keeps: its facts, as they were printed.

Code, styles, comments, tokens and addresses of people are left out. No value passes through a
number: prices are text, and this must not be the place where one of them changes.
"""

import json
import re
from collections.abc import Iterator
from itertools import pairwise

from scrapers.page import Page

# A script of a JSON type is data, which parsers may read, and so is one that pushes what a page is
# built of (`Page.flight`). Microdata may state a price or a stock in a link or a meta element; all
# others are for browsers and networks.
_DROPPED = (
    'script:not([type*="json" i], :-soup-contains("__next_f.push([1,")), style, svg, iframe, '
    'input[type="hidden" i], '
    "link:not([itemprop], [property]), meta:not([itemprop], [property])"
)
_DROPPED_ATTRIBUTES = frozenset({"style", "srcset", "nonce", "integrity", "data-cfemail"})
_ADDRESS_ATTRIBUTES = frozenset({"href", "src", "action", "formaction", "poster", "data-src"})
_PEOPLE = ("mailto:", "tel:")

_MAIL = re.compile(r"[\w.%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}\b", re.ASCII)
_NOBODY = "somebody@example.com"
_BLANK_LINES = re.compile(r"\n[ \t\r\n]*\n")
_JSON_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\s\[\]{},:"]+')


def clean_text(page: Page) -> str:
    """Return the text of a page as a recording keeps it.

    JSON is laid out one member a line, numbers and strings as printed. What is neither HTML nor
    JSON loses nothing but mail addresses. Raises PageChanged for HTML that was cut off.
    """
    if page.is_html:
        return _MAIL.sub(_NOBODY, _clean_html(page))
    return _MAIL.sub(_NOBODY, laid_out_json(page.text) if is_json(page.text) else page.text)


def is_json(text: str) -> bool:
    """Tell whether a text is a JSON document, whatever it was sent as."""
    try:
        json.loads(text, parse_int=str)
    except (ValueError, RecursionError):
        return False
    return True


def laid_out_json(text: str) -> str:
    """Indent a JSON document without reading its values: each token stays as printed."""
    return "".join(_laid_out(_JSON_TOKEN.findall(text))) + "\n"


def _laid_out(signs: list[str]) -> Iterator[str]:
    depth = 0
    for before, sign in pairwise(["", *signs]):
        if sign in {"]", "}"}:
            depth -= 1
            if before not in {"[", "{"}:
                yield "\n" + " " * depth
        elif before in {"[", "{", ","}:
            yield "\n" + " " * depth
        yield ": " if sign == ":" else sign
        depth += sign in {"[", "{"}


def _clean_html(page: Page) -> str:
    text = page.html_without(_DROPPED, attribute=_kept_attribute)
    return _BLANK_LINES.sub("\n", text).strip() + "\n"


def _kept_attribute(name: str, value: str) -> str | None:
    """Return what is kept of an attribute: no code, no one to call, an address without query."""
    if name in _DROPPED_ATTRIBUTES or name.startswith("on"):
        return None
    if name not in _ADDRESS_ATTRIBUTES:
        return value
    return None if value.strip().lower().startswith(_PEOPLE) else value.partition("?")[0]
