"""All providers, found by their files: nothing to list by hand."""

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from scrapers import providers
from scrapers.provider import Provider


@cache
def load_providers() -> Mapping[str, Provider]:
    """Import every module of `scrapers.providers` and return its provider by id, sorted.

    A file is named as its provider's id, with "_" for "-"; files cannot share a name, so ids are
    unique. Raises ValueError for another name and TypeError for a file without a provider.
    """
    found: dict[str, Provider] = {}
    for module in sorted(pkgutil.iter_modules(providers.__path__), key=lambda m: m.name):
        # importlib, because `lambda` is a word that an import statement cannot name.
        name = f"{providers.__name__}.{module.name}"
        provider = getattr(importlib.import_module(name), "provider", None)
        if not isinstance(provider, Provider):
            raise TypeError(f"{name} has no `provider`")
        if provider.id.replace("-", "_") != module.name:
            raise ValueError(f"{name} holds the provider {provider.id!r}")
        found[provider.id] = provider
    return MappingProxyType(found)
