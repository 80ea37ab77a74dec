"""The method table and the contract agree, and a difference stops the start."""

import pytest
from gpuquote.v1 import catalog_service_pb2 as pb

from service.rpc.call import Answer
from service.rpc.methods import (
    MethodRow,
    Scope,
    WrongTable,
    checked_table,
    contract_services,
)
from tests.fakes import FakeSource, a_catalog, a_dispatcher

CATALOG = "CatalogService"


def answer(_: object) -> Answer:
    return Answer(pb.GetOfferResponse())


def rows() -> list[MethodRow]:
    return [
        MethodRow(f"{service.name}/{method.name}", answer, Scope.READ, is_cacheable=False)
        for service in contract_services()
        for method in service.methods
    ]


def test_every_rpc_of_the_contract_has_a_row() -> None:
    methods = a_dispatcher(FakeSource(a_catalog())).methods
    in_contract = {
        f"/{service.full_name}/{method.name}"
        for service in contract_services()
        for method in service.methods
    }
    assert set(methods) == in_contract
    for name, method in methods.items():
        assert method.name == name
        rpc = name.rsplit("/", 1)[1]
        assert method.request.DESCRIPTOR.name == f"{rpc}Request"
        assert method.response.DESCRIPTOR.name == f"{rpc}Response"


def test_reading_needs_read_what_is_asked_for_quote_and_the_collection_admin() -> None:
    methods = a_dispatcher(FakeSource(a_catalog())).methods
    by_scope = {scope: {m.label for m in methods.values() if m.scope is scope} for scope in Scope}
    assert {label.rsplit("/", 1)[1] for label in by_scope[Scope.QUOTE]} == {
        "AnalyzeBuildVsBuy",
        "CompareGpuModels",
        "CompareOffers",
        "CompareProviders",
        "CreateQuote",
        "EstimateTraining",
        "EstimateInference",
        "GetQuote",
        "ListQuotes",
        "RefreshOffer",
        "ReportOutcome",
    }
    assert {label.split("/")[0] for label in by_scope[Scope.ADMIN]} == {
        "gpuquote.v1.CollectionService",
        "gpuquote.v1.QuarantineService",
    }
    assert len(by_scope[Scope.READ]) == len(methods) - len(by_scope[Scope.QUOTE]) - len(
        by_scope[Scope.ADMIN]
    )


def test_what_may_wait_or_streams_is_marked_so() -> None:
    methods = a_dispatcher(FakeSource(a_catalog())).methods
    waiting = {name.rsplit("/", 1)[1] for name, m in methods.items() if m.is_waiting}
    assert waiting == {"ListChanges", "WatchChanges", "RefreshOffer"}
    streaming = {name.rsplit("/", 1)[1] for name, m in methods.items() if m.is_streaming}
    assert streaming == {"WatchChanges"}


def test_only_reads_of_the_catalogue_and_of_facts_are_cacheable() -> None:
    methods = a_dispatcher(FakeSource(a_catalog())).methods
    cacheable = {name.rsplit("/", 1)[1] for name, m in methods.items() if m.is_cacheable}
    assert cacheable == {
        "ListOffers",
        "GetOffer",
        "BatchGetOffers",
        "ListProviders",
        "GetProvider",
        "ListGpuModels",
        "GetGpuModel",
        "ListModels",
        "GetModel",
    }


def test_a_full_table_is_accepted() -> None:
    assert len(checked_table(rows(), contract_services())) == len(rows())


def test_a_missing_row_stops_the_start() -> None:
    with pytest.raises(WrongTable, match="no row for CatalogService/ListOffers"):
        checked_table(
            [row for row in rows() if row.rpc != "CatalogService/ListOffers"], contract_services()
        )


def test_a_row_without_an_rpc_stops_the_start() -> None:
    extra = MethodRow("CatalogService/GuessOffers", answer, Scope.READ, is_cacheable=False)
    with pytest.raises(WrongTable, match="GuessOffers"):
        checked_table([*rows(), extra], contract_services())


def test_a_row_that_stands_twice_stops_the_start() -> None:
    with pytest.raises(WrongTable, match="twice"):
        checked_table([*rows(), rows()[0]], contract_services())
