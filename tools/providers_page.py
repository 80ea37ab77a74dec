"""Writes docs/PROVIDERS.md: every source, what it is read from, and what it takes to have it.

make pages
"""

import sys
from pathlib import Path

from scrapers.provider import Provider
from scrapers.registry import load_providers
from scrapers.token_prices.registry import TOKEN_SOURCES
from service.domain.offer import Trust

PATH = Path(__file__).parents[1] / "docs" / "PROVIDERS.md"

_HEAD = """\
# Providers

Written by `make pages` from `scrapers/providers`; a test holds the two together.

- **every**: planned time between two collections, with its key where a second time stands.
- **key**: the environment variables of its API. *needed*: without them its state is `NEEDS_KEY`. \
*adds to it*: without them its public page is read; with them its API adds stock or regions.
- **stock**: says whether an offer can be had now. Elsewhere availability is `NOT_STATED`.
- **opt-in**: off unless named in `GPUQUOTE_PROVIDERS`; its terms may not allow automated reading, \
its back end is undocumented, or it is very large.
- **unverified**: written from its documentation or a description, never held against a recording; \
its offers say so.

| id | provider | every | key | stock | remarks |
|---|---|---|---|---|---|
"""
_TOKENS = """
## Token prices of hosted models

| id | source | every |
|---|---|---|
"""


def providers_text() -> str:
    """Return the whole page."""
    rows = [_row(provider) for _, provider in sorted(load_providers().items())]
    tokens = [_token_row(source.provider) for _, source in sorted(TOKEN_SOURCES.items())]
    return _HEAD + "\n".join(rows) + "\n" + _TOKENS + "\n".join(tokens) + "\n"


def _row(provider: Provider) -> str:
    cells = (
        f"`{provider.id}`",
        f"[{provider.title}]({provider.home})",
        _minutes(provider),
        _key(provider),
        "yes" if provider.stock_states else "",
        ", ".join(_remarks(provider)),
    )
    return f"| {' | '.join(cells)} |"


def _token_row(provider: Provider) -> str:
    return f"| `{provider.id}` | [{provider.title}]({provider.home}) | {_minutes(provider)} |"


def _minutes(provider: Provider) -> str:
    times = [provider.every, provider.with_keys(provider.key_variables).every]
    return ", ".join(dict.fromkeys(f"{time.total_seconds() / 60:g} min" for time in times))


def _key(provider: Provider) -> str:
    if not provider.key_variables:
        return ""
    variables = ", ".join(f"`{name}`" for name in sorted(provider.key_variables))
    is_needed = not provider.all_parts(keys=())
    return f"{variables} ({'needed' if is_needed else 'adds to it'})"


def _remarks(provider: Provider) -> list[str]:
    remarks = {
        "opt-in": provider.opt_in,
        "unverified": provider.unverified,
        "marketplace": provider.trust is not Trust.FIRST_PARTY,
    }
    return [remark for remark, holds in remarks.items() if holds]


if __name__ == "__main__":
    PATH.write_text(providers_text(), encoding="utf-8")
    sys.exit(0)
