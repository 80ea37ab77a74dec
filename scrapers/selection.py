"""Which providers are on: all but the opt-in ones, unless the settings name them."""

import difflib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from scrapers.provider import Provider
from service.domain.provider import ProviderState

ALL = "all"


class UnknownProvider(Exception):
    """No provider has this id; the message names the nearest ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A provider and whether it is collected: PENDING if so, else DISABLED or NEEDS_KEY.

    NEEDS_KEY: nothing can be asked without `missing_variables`. A provider that can ask a part of
    its pages is on.
    """

    provider: Provider
    state: ProviderState
    detail: str = ""
    missing_variables: tuple[str, ...] = ()

    @property
    def is_on(self) -> bool:
        """Whether this provider is collected."""
        return self.state is ProviderState.PENDING


def choose(
    providers: Mapping[str, Provider],
    *,
    enabled: Collection[str],
    keys: Collection[str] | None,
) -> tuple[Choice, ...]:
    """Decide on every provider, ordered by id.

    `enabled` is the setting: empty means all but the opt-in ones, "all" means every one. `keys`
    are the names of the variables that hold something; None when no keys are needed (replay).
    Raises UnknownProvider.
    """
    for name in enabled:
        if name != ALL:
            named(providers, name)
    return tuple(
        _choice(provider, enabled=enabled, keys=keys) for _, provider in sorted(providers.items())
    )


def named(providers: Mapping[str, Provider], name: str) -> Provider:
    """Return a provider by id. Raises UnknownProvider, naming the nearest."""
    if name in providers:
        return providers[name]
    nearest = difflib.get_close_matches(name, providers, n=2, cutoff=0.5)
    hint = f"did you mean {' or '.join(nearest)}?" if nearest else f"known: {_listed(providers)}"
    raise UnknownProvider(f"{name!r} is not a provider; {hint}")


def _choice(
    provider: Provider, *, enabled: Collection[str], keys: Collection[str] | None
) -> Choice:
    if enabled and ALL not in enabled and provider.id not in enabled:
        detail = "off: not named in GPUQUOTE_PROVIDERS"
        return Choice(provider=provider, state=ProviderState.DISABLED, detail=detail)
    if not enabled and provider.opt_in:
        detail = "off unless named in GPUQUOTE_PROVIDERS"
        return Choice(provider=provider, state=ProviderState.DISABLED, detail=detail)
    missing = () if keys is None else tuple(sorted(provider.key_variables - set(keys)))
    if missing and not provider.all_parts(keys=keys):
        detail = f"needs {'a key' if len(missing) == 1 else 'keys'} in {' and '.join(missing)}"
        return Choice(
            provider=provider,
            state=ProviderState.NEEDS_KEY,
            detail=detail,
            missing_variables=missing,
        )
    return Choice(provider=provider, state=ProviderState.PENDING)


def _listed(providers: Iterable[str]) -> str:
    return ", ".join(sorted(providers)) or "none"
