"""Sources of figures as a reader of a page wants them: short, linked, and few."""

import re

_SITE = re.compile(
    r"(?<![\w/@.\[-])(?P<host>(?:[a-z0-9-]+\.)+(?:ai|blog|ca|com|dev|global|net|org|space|xyz))"
    r"(?P<path>/(?:[^\s;,)|]*[^\s;,)|.:])?)?",
)
_PAPER = re.compile(r"arXiv (?P<number>\d{4}\.\d{4,5})")
_ARCHIVED = re.compile(
    r"Epoch AI, CC-BY \([^)]*\) <- (?P<uri>(?:https?://web\.archive\.org/web/\d+/)?https?://(?:www\.)?"
    r"(?P<host>[^/\s]+)\S*)"
)
_UNDATED = re.compile(r" \(undated, read in [^)]*\)")
_SHOWN = 2
_FACTS = "../service/facts"


def shown_sources(source: str, *, table: str | None = None) -> str:
    """Return the sources of a figure for one cell: two at most, then the table that has them all.

    A date of reading is left to the column of dates, but said to be one.
    """
    parts = _UNDATED.sub("", source).split(" | ")
    text = "; ".join(linked(part) for part in parts[:_SHOWN])
    if len(parts) > _SHOWN:
        text += f" and {len(parts) - _SHOWN} more"
    if table is not None:
        text += f", {table_link(table)}"
    return f"{text} (undated page)" if _UNDATED.search(source) else text


def linked(source: str) -> str:
    """Return one source with what it names as links."""
    archived = _ARCHIVED.fullmatch(source)
    if archived:
        return f"[{archived['host']}]({archived['uri']}) by Epoch AI"
    text = _SITE.sub(_site, source)
    return _PAPER.sub(r"[arXiv \g<number>](https://arxiv.org/abs/\g<number>)", text)


def table_link(table: str) -> str:
    """Return the link to a table of facts."""
    return f"[{table}]({_FACTS}/{table})"


def _site(match: re.Match[str]) -> str:
    host, path = match["host"], match["path"] or ""
    return f"[{host}](https://{host}{path})"
