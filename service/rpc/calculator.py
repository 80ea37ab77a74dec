"""What a calculator needs besides its use case: names, rates, and a revision to answer from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from google.protobuf.message import Message

from service.catalog.revisions import Revisions
from service.catalog.snapshot import Snapshot
from service.domain.gpu import GpuRegistry
from service.domain.models import ModelRegistry
from service.domain.offer import ExchangeRate
from service.rpc.caching import REVISION
from service.rpc.call import Answer
from service.rpc.constraints import USD, Market
from service.rpc.figures import Currency
from service.rpc.source import Source, loaded
from service.rpc.terms import Known


@dataclass(frozen=True, slots=True, kw_only=True)
class Calculator:
    """`revisions` keeps the snapshots that were answered from, so that a request can name one.

    `rates` are those of other currencies than US dollars.
    """

    source: Source
    models: ModelRegistry
    gpus: GpuRegistry
    rates: Mapping[str, ExchangeRate]
    revisions: Revisions
    now: Callable[[], datetime]

    def known(self, revision: str) -> Known:
        """Return what a request is read with. Raises Precondition for a revision that is gone."""
        snapshot = self.revisions.find(revision, loaded(self.source))
        # Rates may be replaced while a request is answered; one answer has one set of them.
        market = Market(
            gpus=self.gpus,
            providers=snapshot.statuses.keys() | snapshot.segments.keys(),
            rates=dict(self.rates),
        )
        return Known(models=self.models, market=market, snapshot=snapshot)

    def answered(self, message: Message, snapshot: Snapshot) -> Answer:
        """Return an answer, and keep the snapshot that it was made from."""
        self.revisions.pin(snapshot)
        return Answer(message, metadata={REVISION: snapshot.revision})


def currency_of(code: str, known: Known) -> Currency:
    """Return what amounts are written in; the code was read with `known`."""
    return Currency() if code == USD else Currency(rate=known.market.rates[code])
