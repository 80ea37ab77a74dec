"""QuoteService: asks a calculator, keeps its answer, and shows it as it was made."""

import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from google.protobuf.message import Message
from gpuquote.v1 import caveat_pb2, offer_pb2
from gpuquote.v1 import quote_service_pb2 as pb

from service.catalog.paging import PageTokenSigner
from service.catalog.revisions import Revisions
from service.catalog.snapshot import Snapshot
from service.domain.caveat import CaveatCode
from service.domain.errors import NotFound, Precondition, QuoteError, Reason
from service.domain.quote import (
    LONGEST_LIFETIME,
    REQUEST_IDS_KEPT_FOR,
    KeptRequest,
    Quote,
    QuoteHead,
    quote_id_at,
    words_of,
)
from service.rpc.caching import REVISION
from service.rpc.call import Answer, Joined
from service.rpc.faults import Faults, shown
from service.rpc.names import OFFERS, QUOTES, id_from_name
from service.rpc.pages import cursor_of, token_after
from service.rpc.quotes import (
    AskedQuote,
    digest_of,
    move_of,
    offer_ids_in,
    pinned,
    read_create_quote,
)
from service.rpc.requests import read_page_size
from service.rpc.source import Source, loaded
from service.store.ports import QuoteStore

IDEMPOTENCY_REPLAYED = "gpuquote-idempotency-replayed"
"""In the metadata of an answer that was given before."""
MAX_QUOTE_BYTES = 4_000_000
"""A gRPC client takes 4 MiB unless told otherwise; what has moved since needs room beside it."""
SCANNED_PER_PAGE = 5_000
MAX_PAGE_BYTES = 2_000_000
"""A page ends before it is full where a search would take long, or an answer be large."""
_ENTROPY_BYTES = 8

Calculate = Callable[[Any], Answer]


class QuotesServicer:
    """Converts, asks a calculator and the store, converts back.

    `calculators` answer the questions of `QuoteRequest`, by the names of its fields.
    """

    def __init__(
        self,
        quotes: QuoteStore,
        source: Source,
        *,
        calculators: Mapping[str, Calculate],
        revisions: Revisions,
        signer: PageTokenSigner,
        now: Callable[[], datetime],
    ) -> None:
        self._quotes = quotes
        self._source = source
        self._calculators = calculators
        self._revisions = revisions
        self._signer = signer
        self._now = now

    def create_quote(self, request: pb.CreateQuoteRequest) -> Answer:
        """Answer CreateQuote; it is only acknowledged when the store has it."""
        faults = Faults()
        asked = read_create_quote(request, faults)
        request_id = request.request_id
        digest = digest_of(request)
        if request_id and not faults:
            found = self._replayed(self._quotes.find_request(request_id), request_id, digest)
            if found is not None:
                return found
        if asked is None:
            faults.raise_if_any()
            raise AssertionError("without a question there is a fault")
        snapshot = loaded(self._source)
        answer = self._calculated(asked, snapshot, faults)
        message = self._quote(request, asked, answer, snapshot)
        quote = _to_keep(message)
        standing = self._quotes.create_quote(quote, request_id=request_id, digest=digest)
        # The same request may have come twice at once: the first one to be kept is the quote.
        found = self._replayed(standing, request_id, digest)
        if found is not None:
            return found
        return Answer(pb.CreateQuoteResponse(quote=message), metadata={REVISION: snapshot.revision})

    def get_quote(self, request: pb.GetQuoteRequest) -> Answer:
        """Answer GetQuote; the quote is sent as the bytes that were kept."""
        quote_id = id_from_name(request.name, QUOTES)
        document = self._quotes.find_quote(quote_id)
        if document is None:
            raise NotFound(
                Reason.QUOTE_NOT_FOUND,
                f"There is no quote {shown(request.name)}.",
                metadata={"name": request.name},
            )
        snapshot = loaded(self._source)
        quote = pb.Quote.FromString(document)
        rest = pb.GetQuoteResponse(
            moves=[
                move_of(offer, snapshot.find(id_from_name(offer.name, OFFERS)))
                for offer in quote.offers
            ],
            caveats=self._caveats(quote),
        )
        content = Joined(
            field_name="quote",
            is_list=False,
            parts=(_Kept(document),),
            rest=rest,
            rest_json=bytes,
        )
        return Answer(content, metadata={REVISION: snapshot.revision})

    def list_quotes(self, request: pb.ListQuotesRequest) -> Answer:
        """Answer ListQuotes, newest first."""
        faults = Faults()
        page_size = read_page_size(request.page_size, faults)
        words = words_of(request.query)
        if request.query and not words:
            faults.add("query", f"{shown(request.query)} has no word")
        before = cursor_of(request, request.page_token, self._signer, faults)
        faults.raise_if_any()
        heads, next_before = self._page(
            before=before,
            page_size=page_size,
            words=words,
            include_expired=request.include_expired,
        )
        token = ""
        if next_before:
            revision = self._source.current().revision
            token = token_after(request, next_before, self._signer, revision)
        return Answer(
            pb.ListQuotesResponse(
                quotes=[pb.Quote.FromString(head.listed) for head in heads],
                next_page_token=token,
            )
        )

    def _calculated(self, asked: AskedQuote, snapshot: Snapshot, faults: Faults) -> Message:
        """Ask the calculator. Raises InvalidRequest with all faults, and what it raises else."""
        # The calculator and the offers of the quote have to see the same prices.
        self._revisions.pin(snapshot)
        question = pinned(asked.question, snapshot.revision)
        under = faults.under(f"request.{asked.calculator}")
        try:
            answer = under.attempt(lambda: self._calculators[asked.calculator](question), None)
        except QuoteError:
            faults.raise_if_any()
            raise
        faults.raise_if_any()
        if answer is None or answer.message is None:
            raise AssertionError("a calculator answers with a message or with faults")
        return answer.message

    def _quote(
        self,
        request: pb.CreateQuoteRequest,
        asked: AskedQuote,
        answer: Message,
        snapshot: Snapshot,
    ) -> pb.Quote:
        now = self._now()
        rows = (snapshot.find(offer_id) for offer_id in offer_ids_in(answer))
        quote = pb.Quote(
            name=f"{QUOTES}/{quote_id_at(now, entropy=secrets.token_hex(_ENTROPY_BYTES))}",
            request=request.request,
            offers=[offer_pb2.Offer.FromString(row.proto) for row in rows if row is not None],
            catalog_revision=snapshot.revision,
            create_time=now,
            expire_time=now + asked.lifetime,
            binding=pb.BINDING_NONE,
            title=asked.title,
        )
        getattr(quote.answer, asked.calculator).CopyFrom(answer)
        return quote

    def _replayed(
        self, standing: KeptRequest | None, request_id: str, digest: str
    ) -> Answer | None:
        """Return the quote that a request id stands for; None where it stands for none.

        Raises Precondition where it was given to another request.
        """
        if standing is None:
            return None
        document = self._quotes.find_quote(standing.quote_id)
        if document is None:
            return None
        if standing.digest != digest:
            hours = REQUEST_IDS_KEPT_FOR.total_seconds() / 3600
            raise Precondition(
                Reason.REQUEST_ID_REUSED,
                f"{shown(request_id)} came with another request within the last {hours:.0f} "
                "hours; a new request needs a new id.",
                metadata={"request_id": request_id},
            )
        quote = pb.Quote.FromString(document)
        return Answer(
            pb.CreateQuoteResponse(quote=quote),
            metadata={REVISION: quote.catalog_revision, IDEMPOTENCY_REPLAYED: "true"},
        )

    def _page(
        self, *, before: str, page_size: int, words: frozenset[str], include_expired: bool
    ) -> tuple[list[QuoteHead], str]:
        """Return the heads of a page, and the id below which the next one begins; "" at the end."""
        now, found = self._now(), list[QuoteHead]()
        scanned = size = 0
        while scanned < SCANNED_PER_PAGE:
            heads = self._quotes.quotes(before=before, limit=page_size + 1)
            for head in heads:
                if not include_expired and head.create_time + LONGEST_LIFETIME <= now:
                    return found, ""  # all that follow have expired
                if head.has_words(words) and (include_expired or not head.is_expired(now)):
                    size += len(head.listed)
                    if len(found) == page_size or (found and size > MAX_PAGE_BYTES):
                        return found, found[-1].quote_id
                    found.append(head)
                before = head.quote_id
            if len(heads) <= page_size:
                return found, ""
            scanned += len(heads)
        return found, before

    def _caveats(self, quote: pb.Quote) -> list[caveat_pb2.Caveat]:
        expired_at = quote.expire_time.ToDatetime(tzinfo=UTC)
        if self._now() < expired_at:
            return []
        text = f"The quote expired at {quote.expire_time.ToJsonString()}; its prices may not hold."
        return [caveat_pb2.Caveat(code=CaveatCode.QUOTE_EXPIRED, message=text)]


class _Kept(NamedTuple):
    """A quote as it was kept; its JSON is made when it is asked for."""

    proto: bytes
    json: bytes = b""


def _to_keep(quote: pb.Quote) -> Quote:
    """Return a quote as the store keeps it. Raises Precondition for one that is too large."""
    document = quote.SerializeToString(deterministic=True)
    if len(document) > MAX_QUOTE_BYTES:
        raise Precondition(
            Reason.QUOTE_TOO_LARGE,
            f"The answer takes {len(document)} bytes with its offers, more than "
            f"{MAX_QUOTE_BYTES}; ask for fewer placements.",
            metadata={"bytes": str(len(document)), "limit_bytes": str(MAX_QUOTE_BYTES)},
        )
    listed = pb.Quote()
    listed.CopyFrom(quote)
    listed.ClearField("answer")
    listed.ClearField("offers")
    return Quote(
        head=QuoteHead(
            quote_id=id_from_name(quote.name, QUOTES),
            title=quote.title,
            create_time=quote.create_time.ToDatetime(tzinfo=UTC),
            expire_time=quote.expire_time.ToDatetime(tzinfo=UTC),
            listed=listed.SerializeToString(deterministic=True),
        ),
        document=document,
    )
