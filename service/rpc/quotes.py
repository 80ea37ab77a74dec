"""Quotes: what CreateQuote asks, and how the offers of a quote have moved since."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from google.protobuf.message import Message
from gpuquote.v1 import compare_service_pb2, offer_pb2
from gpuquote.v1 import quote_service_pb2 as pb

from service.catalog.snapshot import Row
from service.domain.errors import Reason
from service.domain.quote import LEAST_LIFETIME, LONGEST_LIFETIME, MAX_TITLE, USUAL_LIFETIME
from service.rpc.faults import Faults, shown
from service.rpc.figures import significant
from service.rpc.requests import NANOS

CALCULATORS = tuple(field.name for field in pb.QuoteRequest.DESCRIPTOR.fields)
"""What can be quoted, by the fields that hold the question and the answer."""

_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_WORKLOADS = ("training", "inference")


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedQuote:
    """What CreateQuote asks: one of `CALCULATORS`, and its question."""

    calculator: str
    question: Message
    title: str
    lifetime: timedelta


def read_create_quote(request: pb.CreateQuoteRequest, faults: Faults) -> AskedQuote | None:
    """Read a CreateQuoteRequest; None without a question. What is wrong goes to `faults`.

    What is wrong with the question itself is for its calculator to say.
    """
    title = _read_title(request.title, faults)
    lifetime = _read_lifetime(request, faults)
    if request.request_id and not _REQUEST_ID.fullmatch(request.request_id):
        faults.add("request_id", 'must be a UUID, or up to 64 letters, digits, "-", "_"')
    asked = [field.name for field, _ in request.request.ListFields()]
    if len(asked) != 1:
        reason = Reason.BAD_FIELD if asked else Reason.FIELD_REQUIRED
        faults.add("request", f"must have exactly one of {', '.join(CALCULATORS)}", reason)
        return None
    (calculator,) = asked
    question: Message = getattr(request.request, calculator)
    under = faults.under(f"request.{calculator}")
    for path, part in _parts_with_revision(question):
        if part.catalog_revision:
            under.add(f"{path}catalog_revision", "cannot be given: a quote is of the prices of now")
    return AskedQuote(calculator=calculator, question=question, title=title, lifetime=lifetime)


def digest_of(request: pb.CreateQuoteRequest) -> str:
    """Digest a request, in hex: what a request id stands for."""
    return hashlib.sha256(request.SerializeToString(deterministic=True)).hexdigest()


def pinned(question: Message, revision: str) -> Message:
    """Return a question that has to be answered from the prices of one revision."""
    copy = type(question)()
    copy.CopyFrom(question)
    parts = tuple(_parts_with_revision(copy))
    is_inside = any(path for path, _ in parts)
    for path, part in parts:
        # A question with a workload has its revision there, and nowhere else.
        part.catalog_revision = revision if path or not is_inside else ""
    return copy


def move_of(quoted: offer_pb2.Offer, row: Row | None) -> pb.QuotedOfferMove:
    """Compare an offer of a quote with what it is now; None for one that is not there any more."""
    move = pb.QuotedOfferMove(offer=quoted.name, quoted=quoted.price_per_gpu_hour)
    current = None if row is None else offer_pb2.Offer.FromString(row.proto)
    if current is None or current.HasField("delist_time"):
        return move
    move.now.CopyFrom(current.price_per_gpu_hour)
    move.freshness = current.freshness
    move.availability = current.availability.state
    before, now = Decimal(move.quoted.amount), Decimal(move.now.amount)
    if before:
        move.change = significant(float((now - before) / before))
    return move


def _parts_with_revision(question: Message) -> Iterator[tuple[str, Any]]:
    """Yield what of a question can name a revision, with the path to it."""
    if isinstance(
        question,
        compare_service_pb2.CompareOffersRequest | compare_service_pb2.CompareGpuModelsRequest,
    ):
        for name in _WORKLOADS:
            if question.workload.HasField(name):
                yield f"workload.{name}.", getattr(question.workload, name)
    if "catalog_revision" in question.DESCRIPTOR.fields_by_name:
        yield "", question


def _read_title(text: str, faults: Faults) -> str:
    title = text.strip()
    if len(title) > MAX_TITLE:
        faults.add("title", f"has {len(title)} characters; at most {MAX_TITLE}")
    elif not title.isprintable():
        faults.add("title", f"{shown(title)} has characters that do not print")
    return title


def _read_lifetime(request: pb.CreateQuoteRequest, faults: Faults) -> timedelta:
    if not request.HasField("lifetime"):
        return USUAL_LIFETIME
    given = request.lifetime
    seconds = given.seconds + given.nanos / NANOS
    least, most = LEAST_LIFETIME.total_seconds(), LONGEST_LIFETIME.total_seconds()
    if not least <= seconds <= most:
        faults.add("lifetime", f"must be {least:.0f} s to {most:.0f} s ({LONGEST_LIFETIME.days} d)")
        return USUAL_LIFETIME
    return timedelta(seconds=seconds)
