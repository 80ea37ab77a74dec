"""What the collector asks for pages through, live or from a recording."""

from typing import Protocol

from scrapers.page import Page
from scrapers.provider import Provider, Request


class Fetcher(Protocol):
    """Gets pages, live or from a recording."""

    def fetch(self, request: Request, *, provider: Provider, kind: str, part: str) -> Page:
        """Return the answer to a request. Raises CollectError."""

    def records(self, request: Request) -> bool:
        """Tell whether the request can be answered at all: a recording lacks what it lacks."""
