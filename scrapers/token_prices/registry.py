"""The sources of token prices."""

from collections.abc import Mapping
from types import MappingProxyType

from scrapers.token_prices import litellm, openrouter
from scrapers.token_prices.source import TokenSource

TOKEN_SOURCES: Mapping[str, TokenSource] = MappingProxyType(
    {source.provider.id: source for source in (litellm.source, openrouter.source)}
)
