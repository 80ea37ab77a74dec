"""The method table: one row for each RPC of the contract, checked against it at start."""

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import gpuquote.v1
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from service.rpc.call import Answer, Answers

if TYPE_CHECKING:
    from service.rpc.servicers.build_vs_buy import BuildVsBuyServicer
    from service.rpc.servicers.catalog import CatalogServicer
    from service.rpc.servicers.changes import ChangesServicer
    from service.rpc.servicers.collection import CollectionServicer
    from service.rpc.servicers.compare import CompareServicer
    from service.rpc.servicers.estimate import EstimateServicer
    from service.rpc.servicers.history import HistoryServicer
    from service.rpc.servicers.model_prices import ModelPricesServicer
    from service.rpc.servicers.models import ModelsServicer
    from service.rpc.servicers.quarantine import QuarantineServicer
    from service.rpc.servicers.quotes import QuotesServicer
    from service.rpc.servicers.refresh import RefreshServicer

# Answers once; that of a streaming method returns an iterator of answers that can be closed.
Handler = Callable[..., Answer | Answers]


class Scope(StrEnum):
    """What a key must be good for."""

    READ = "read"
    QUOTE = "quote"
    ALERTS = "alerts"
    ADMIN = "admin"


class WrongTable(Exception):
    """The method table and the contract differ; the message names the methods."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """One RPC. `name` is the full one: "/gpuquote.v1.CatalogService/ListOffers".

    A cacheable method answers the same while the revision in its metadata stays the same. The
    handler of a waiting method also gets the deadline, in seconds of the monotonic clock; that of a
    streaming one too, and it returns an iterator of answers.
    """

    name: str
    request: type[Message]
    response: type[Message]
    handler: Handler
    scope: Scope
    is_cacheable: bool
    is_waiting: bool = False
    is_streaming: bool = False

    @property
    def label(self) -> str:
        """The name in metrics and logs: "gpuquote.v1.CatalogService/ListOffers"."""
        return self.name.removeprefix("/")


@dataclass(frozen=True, slots=True)
class MethodRow:
    """One line of the table: the RPC as "CatalogService/ListOffers", and what holds for it."""

    rpc: str
    handler: Handler
    scope: Scope
    is_cacheable: bool = False
    is_waiting: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Servicers:
    """The servicers behind the table."""

    build_vs_buy: "BuildVsBuyServicer"
    catalog: "CatalogServicer"
    changes: "ChangesServicer"
    collection: "CollectionServicer"
    compare: "CompareServicer"
    estimate: "EstimateServicer"
    history: "HistoryServicer"
    model_prices: "ModelPricesServicer"
    models: "ModelsServicer"
    quarantine: "QuarantineServicer"
    quotes: "QuotesServicer"
    refresh: "RefreshServicer"


def method_table(servicers: Servicers) -> Mapping[str, Method]:
    """Return the methods by full name. Raises WrongTable where a row is missing or too many."""
    read, quote, admin = Scope.READ, Scope.QUOTE, Scope.ADMIN
    catalog, collection, history = servicers.catalog, servicers.collection, servicers.history
    changes, quarantine = servicers.changes, servicers.quarantine
    estimate, models = servicers.estimate, servicers.models
    compare, quotes = servicers.compare, servicers.quotes
    build_vs_buy = servicers.build_vs_buy
    rows = (
        MethodRow("CatalogService/ListOffers", catalog.list_offers, read, is_cacheable=True),
        MethodRow("CatalogService/GetOffer", catalog.get_offer, read, is_cacheable=True),
        MethodRow(
            "CatalogService/BatchGetOffers", catalog.batch_get_offers, read, is_cacheable=True
        ),
        MethodRow("CatalogService/ListProviders", catalog.list_providers, read, is_cacheable=True),
        MethodRow("CatalogService/GetProvider", catalog.get_provider, read, is_cacheable=True),
        MethodRow("CatalogService/ListGpuModels", catalog.list_gpu_models, read, is_cacheable=True),
        MethodRow("CatalogService/GetGpuModel", catalog.get_gpu_model, read, is_cacheable=True),
        MethodRow(
            "CatalogService/RefreshOffer", servicers.refresh.refresh_offer, quote, is_waiting=True
        ),
        MethodRow("HistoryService/ListPricePoints", history.list_price_points, read),
        MethodRow("HistoryService/SummarizePrices", history.summarize_prices, read),
        MethodRow("HistoryService/SummarizePriceIndex", history.summarize_price_index, read),
        MethodRow("HistoryService/SummarizeAvailability", history.summarize_availability, read),
        MethodRow("HistoryService/ReportOutcome", history.report_outcome, quote),
        MethodRow("ChangeService/ListChanges", changes.list_changes, read, is_waiting=True),
        MethodRow("ChangeService/WatchChanges", changes.watch_changes, read, is_waiting=True),
        MethodRow("EstimateService/EstimateTraining", estimate.estimate_training, quote),
        MethodRow("EstimateService/EstimateInference", estimate.estimate_inference, quote),
        MethodRow("CompareService/CompareOffers", compare.compare_offers, quote),
        MethodRow("CompareService/CompareGpuModels", compare.compare_gpu_models, quote),
        MethodRow("CompareService/CompareProviders", compare.compare_providers, quote),
        MethodRow("BuildVsBuyService/AnalyzeBuildVsBuy", build_vs_buy.analyze_build_vs_buy, quote),
        MethodRow("QuoteService/CreateQuote", quotes.create_quote, quote),
        MethodRow("QuoteService/GetQuote", quotes.get_quote, quote),
        MethodRow("QuoteService/ListQuotes", quotes.list_quotes, quote),
        MethodRow("ModelService/ListModels", models.list_models, read, is_cacheable=True),
        MethodRow("ModelService/GetModel", models.get_model, read, is_cacheable=True),
        MethodRow("ModelService/ListModelPrices", servicers.model_prices.list_model_prices, read),
        MethodRow("QuarantineService/ListQuarantinedOffers", quarantine.list_offers, admin),
        MethodRow("QuarantineService/GetQuarantinedOffer", quarantine.get_offer, admin),
        MethodRow("QuarantineService/AcceptQuarantinedOffer", quarantine.accept_offer, admin),
        MethodRow("QuarantineService/RejectQuarantinedOffer", quarantine.reject_offer, admin),
        MethodRow("CollectionService/CreateCollectionRun", collection.create_run, admin),
        MethodRow("CollectionService/GetCollectionRun", collection.get_run, admin),
        MethodRow("CollectionService/ListCollectionRuns", collection.list_runs, admin),
    )
    return checked_table(rows, contract_services())


def contract_services() -> Iterator[ServiceDescriptor]:
    """Yield every service of the contract; a new file of services needs no entry here."""
    for module in pkgutil.iter_modules(gpuquote.v1.__path__):
        if module.name.endswith("_service_pb2"):
            file = importlib.import_module(f"gpuquote.v1.{module.name}").DESCRIPTOR
            yield from file.services_by_name.values()


def checked_table(
    rows: Iterable[MethodRow], services: Iterable[ServiceDescriptor]
) -> Mapping[str, Method]:
    """Join rows with the contract. Raises WrongTable unless each RPC has exactly one row."""
    contract: dict[str, MethodDescriptor] = {
        f"{service.name}/{method.name}": method
        for service in services
        for method in service.methods
    }
    table: dict[str, Method] = {}
    for row in rows:
        descriptor = contract.pop(row.rpc, None)
        if descriptor is None:
            raise WrongTable(f"{row.rpc}: not in the contract, or in the table twice")
        name = f"/{descriptor.containing_service.full_name}/{descriptor.name}"
        table[name] = Method(
            name=name,
            request=GetMessageClass(descriptor.input_type),
            response=GetMessageClass(descriptor.output_type),
            handler=row.handler,
            scope=row.scope,
            is_cacheable=row.is_cacheable,
            is_waiting=row.is_waiting,
            is_streaming=descriptor.server_streaming,
        )
    if contract:
        raise WrongTable(f"no row for {', '.join(sorted(contract))}")
    return table
