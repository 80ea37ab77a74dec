"""The offers behind an answer of a calculator: those that a quote freezes with it.

Most answers name them. A comparison of GPU models names the cheapest of each at most, one of
providers none, although their figures are those of offers: these are found again, from the
question and the snapshot that answered it.
"""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

import numpy as np
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from gpuquote.v1 import compare_service_pb2 as pb
from gpuquote.v1 import offer_pb2

from service.catalog.columns import Rows
from service.compare.hourly import nanos_per_gpu_hour
from service.compare.questions import GpuModelsQuestion, HourlyQuestion, ProvidersQuestion
from service.domain.offer_fields import FIELDS
from service.market.answers import Terms
from service.market.eligibility import superseded
from service.market.selection import Selection, select
from service.market.sheet import Pick
from service.rpc.comparison_requests import read_compare_gpu_models, read_compare_providers
from service.rpc.constraints import USD
from service.rpc.names import OFFERS, PROVIDERS
from service.rpc.terms import Known

_WAYS = FIELDS["purchase_model"].members


def offer_ids_behind(
    question: Message, answer: Message, known: Known, *, now: datetime
) -> tuple[str, ...]:
    """Return the ids of the offers behind an answer, sorted.

    `known` has the snapshot that answered. Of a comparison of GPU models these are what it names
    and each provider's cheapest of each GPU model, of one of providers all that were counted.
    """
    found = set(offer_ids_in(answer))
    if isinstance(question, pb.CompareGpuModelsRequest):
        found.update(_ids(known, _cheapest_of_providers(question, known, now)))
    if isinstance(question, pb.CompareProvidersRequest):
        if not isinstance(answer, pb.CompareProvidersResponse):
            raise TypeError(f"{type(answer).__name__} is no answer to it")
        found.update(_ids(known, _counted(question, answer, known, now)))
    return tuple(sorted(found))


def offer_ids_in(answer: Message) -> tuple[str, ...]:
    """Return the ids of the offers that an answer names in a field `offer`, sorted."""
    names = set(_offers_in(answer))
    return tuple(sorted(name.removeprefix(f"{OFFERS}/") for name in names if name))


def _cheapest_of_providers(
    request: pb.CompareGpuModelsRequest, known: Known, now: datetime
) -> Rows:
    """Return the rows that give the lowest prices and their medians."""
    question = read_compare_gpu_models(request, known).question
    if isinstance(question, GpuModelsQuestion):
        terms, gpu_model = question.workload.terms, question.workload.placement.gpu_model
    else:
        terms, gpu_model = _terms(question), None
    pick = _selected(terms, gpu_model, known, now).pick
    pick = pick.where(~superseded(pick))
    nanos = nanos_per_gpu_hour(pick, terms.adjustments, today=now.date())
    rows = pick.sheet.rows[pick.at]
    models, providers = pick.spread(pick.sheet.gpu_model[pick.lots]), pick.column("provider")
    order = np.lexsort((rows, nanos, providers, models))
    changes = np.diff(models[order], prepend=-1) | np.diff(providers[order], prepend=-1)
    return np.asarray(rows[order[np.flatnonzero(changes)]])


def _counted(
    request: pb.CompareProvidersRequest,
    answer: pb.CompareProvidersResponse,
    known: Known,
    now: datetime,
) -> Rows:
    """Return the rows whose prices are in the answer.

    Bundled ones that live ones replaced are not: a provider has the ones or the others.
    """
    question = read_compare_providers(request, known)
    selection = _selected(_terms(question), question.gpu_model, known, now)
    sheet = selection.pick.sheet
    pick = Pick.of(sheet, np.sort(np.concatenate((selection.pick.at, selection.committed.at))))
    shown = {
        (
            one.provider.removeprefix(f"{PROVIDERS}/"),
            offer_pb2.PurchaseModel.Name(prices.purchase_model),
        )
        for one in answer.providers
        for prices in one.prices
    }
    words = sheet.words("provider")
    pairs = zip(
        pick.column("provider").tolist(), pick.column("purchase_model").tolist(), strict=True
    )
    is_shown = [(words[one], f"PURCHASE_MODEL_{_WAYS[way]}") in shown for one, way in pairs]
    return np.asarray(sheet.rows[pick.at[np.array(is_shown, np.bool_)]])


def _terms(question: HourlyQuestion | ProvidersQuestion) -> Terms:
    return Terms(constraints=question.constraints, adjustments=question.adjustments)


def _selected(terms: Terms, gpu_model: str | None, known: Known, now: datetime) -> Selection:
    rates = {USD: Decimal(1)} | {code: one.rate for code, one in known.market.rates.items()}
    return select(known.snapshot, terms, gpu_model=gpu_model, rates=rates, now=now)


def _ids(known: Known, rows: Rows) -> Iterator[str]:
    return (known.snapshot.names[row] for row in rows.tolist())


def _offers_in(message: Message) -> Iterator[str]:
    is_named, inner = _plan(message.DESCRIPTOR)
    if is_named:
        named: Any = message
        yield named.offer
    for field in inner:
        value = getattr(message, field.name)
        if field.is_repeated:
            for part in value:
                yield from _offers_in(part)
        elif message.HasField(field.name):
            yield from _offers_in(value)


@lru_cache(maxsize=1024)
def _plan(descriptor: Descriptor) -> tuple[bool, tuple[FieldDescriptor, ...]]:
    """Say whether messages of a type name an offer, and which fields may hold some that do."""
    fields: list[FieldDescriptor] = list(descriptor.fields)
    is_named = any(_names_an_offer(field) for field in fields)
    return is_named, tuple(field for field in fields if _may_name_offers(field, frozenset()))


def _may_name_offers(field: FieldDescriptor, above: frozenset[str]) -> bool:
    """Whether a message field holds something that names an offer; `above` are the types around."""
    message = field.message_type
    if message is None or message.full_name in above:
        return False
    return any(
        _names_an_offer(inner) or _may_name_offers(inner, above | {message.full_name})
        for inner in message.fields
    )


def _names_an_offer(field: FieldDescriptor) -> bool:
    is_text = field.type == FieldDescriptor.TYPE_STRING and not field.is_repeated
    return is_text and field.name == "offer"
