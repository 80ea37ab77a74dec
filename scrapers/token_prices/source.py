"""What one source of token prices is: where to ask, and how to read the answer."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import cast

from scrapers.page import Page
from scrapers.provider import PageParser, Provider, Reject


@dataclass(frozen=True, slots=True, kw_only=True)
class RawTokenPrice:
    """One entry as printed: US dollars for ONE token, by the contract of the source.

    `prices` maps the fields of ModelPrice ("input", "cached_input", "cache_write", "output",
    "batch_input", "batch_output") to their texts; what is not stated is left out. `context_max` is
    the longest prompt that they hold for, "" where the source does not say.
    """

    provider: str
    model: str
    prices: Mapping[str, str] = field(default_factory=dict[str, str])
    context_max: str = ""
    ends: str = ""


TokenPriceParser = Callable[[Page], Iterator[RawTokenPrice | Reject]]


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenSource:
    """A source: its facts and its one page as a provider has them, and its pure parser."""

    provider: Provider
    parse: TokenPriceParser

    def __post_init__(self) -> None:
        """Register the parser, so that the page is asked for, recorded and replayed as all are."""
        (kind,) = self.provider.pages
        self.provider.parsers[(kind,)] = cast("PageParser", self.parse)
