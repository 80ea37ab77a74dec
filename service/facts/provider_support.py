"""What providers say of their support, each fact with the page that it was read on.

The table is short: a provider without a row has not been read, which says nothing of its support.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from service.facts.periods import first_day
from service.facts.rows import rows_of

_PATH = Path(__file__).with_name("provider_support.csv")


@dataclass(frozen=True, slots=True, kw_only=True)
class SupportFact:
    """A fact in our words. `period` is the date of its page or, without one, of the reading."""

    text: str
    source: str
    period: str


@cache
def load_provider_support(path: Path = _PATH) -> Mapping[str, tuple[SupportFact, ...]]:
    """Read the facts by provider, once in a process. Raises BadFacts."""
    found: dict[str, tuple[SupportFact, ...]] = {}
    for row in rows_of(path):
        row.read("date", first_day)
        fact = SupportFact(
            text=row.read("fact", str),
            source=row.read("source", str),
            period=row.read("date", str),
        )
        provider = row.read("provider", str)
        found[provider] = (*found.get(provider, ()), fact)
    return MappingProxyType(found)
