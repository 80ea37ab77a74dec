"""Reads the bundled baseline's offers from recorded pages, with the dates of the recordings."""

import logging
from collections.abc import Mapping
from dataclasses import replace

from scrapers.collect import Collector
from scrapers.errors import CollectError
from scrapers.provider import Provider
from service.domain.offer import Offer, Standing
from service.facts.baseline import BaselineProvider

log = logging.getLogger(__name__)


def baseline_offers(
    providers: Mapping[str, Provider], *, collector: Collector
) -> tuple[tuple[Offer, ...], Mapping[str, int]]:
    """Read every offer that the gate lets pass, and count them by provider.

    Opt-in providers are left out. A provider that cannot be read from the recordings counts 0.
    """
    offers: list[Offer] = []
    counts: dict[str, int] = {}
    for provider in providers.values():
        if provider.opt_in:
            continue
        try:
            found = collector.read_dated(provider)
        except CollectError as error:
            log.warning("not read", extra={"provider": provider.id, "detail": str(error)})
            found = ()
        offers += [replace(offer, standing=Standing.BASELINE, replayed=False) for offer in found]
        counts[provider.id] = len(found)
    return tuple(offers), counts


def baseline_providers(providers: Mapping[str, Provider]) -> tuple[BaselineProvider, ...]:
    """Give the facts of all providers, opt-in ones too: they are listed, without offers."""
    return tuple(
        BaselineProvider(
            provider=provider.id,
            title=provider.title,
            home=provider.home,
            interval=provider.every,
            opt_in=provider.opt_in,
        )
        for provider in providers.values()
    )
