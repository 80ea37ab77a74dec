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

from service.rpc.call import Answer

if TYPE_CHECKING:
    from service.rpc.servicers.catalog import CatalogServicer
    from service.rpc.servicers.collection import CollectionServicer

Handler = Callable[..., Answer]


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

    A cacheable method answers the same while the revision in its metadata stays the same.
    """

    name: str
    request: type[Message]
    response: type[Message]
    handler: Handler
    scope: Scope
    is_cacheable: bool

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


def method_table(
    catalog: "CatalogServicer", collection: "CollectionServicer"
) -> Mapping[str, Method]:
    """Return the methods by full name. Raises WrongTable where a row is missing or too many."""
    read, admin = Scope.READ, Scope.ADMIN
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
        )
    if contract:
        raise WrongTable(f"no row for {', '.join(sorted(contract))}")
    return table
