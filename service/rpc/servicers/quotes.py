"""QuoteService: asks a calculator, keeps its answer, and shows it as it was made."""

import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, timedelta
from typing import Any, NamedTuple

from google.protobuf.message import Message
from gpuquote.v1 import caveat_pb2, offer_pb2
from gpuquote.v1 import quote_service_pb2 as pb

from service.catalog.caveats import caveats_of
from service.catalog.paging import PageTokenSigner
from service.catalog.snapshot import Snapshot
from service.domain.caveat import Caveat, CaveatCode
from service.domain.errors import Exhausted, NotFound, Precondition, QuoteError, Reason, Unavailable
from service.domain.quote import (
    LONGEST_LIFETIME,
    REQUEST_IDS_KEPT_FOR,
    KeptRequest,
    Quote,
    QuoteHead,
    purge_time_of,
    quote_id_at,
    words_of,
)
from service.rpc.caching import REVISION
from service.rpc.calculator import Calculator
from service.rpc.call import Answer, Joined
from service.rpc.faults import Faults, shown
from service.rpc.names import OFFERS, QUOTES, id_from_name
from service.rpc.pages import cursor_of, token_after
from service.rpc.quoted_offers import offer_ids_behind
from service.rpc.quotes import AskedQuote, digest_of, move_of, pinned, read_create_quote
from service.rpc.requests import read_page_size
from service.rpc.servicers.build_vs_buy import BuildVsBuyServicer
from service.rpc.servicers.compare import CompareServicer
from service.rpc.servicers.estimate import EstimateServicer
from service.rpc.source import loaded
from service.store.ports import QuoteStore, StoreFull

IDEMPOTENCY_REPLAYED = "gpuquote-idempotency-replayed"
"""In the metadata of an answer that was given before."""
MAX_QUOTE_BYTES = 4_000_000
MOVE_BYTES = 256
"""A gRPC client takes 4 MiB unless told otherwise, and GetQuote says beside the quote how each of
its offers has moved: in this many bytes at most."""
SCANNED_PER_PAGE = 5_000
HEADS_PER_READ = 128
MAX_PAGE_BYTES = 2_000_000
"""A page ends before it is full where a search would take long, or an answer be large."""
STORE_FULL_RETRY_SECONDS = 3600
NOT_KEPT_RETRY_SECONDS = 1
_ENTROPY_BYTES = 8

Calculate = Callable[[Any], Answer]


def calculators_of(
    *, build_vs_buy: BuildVsBuyServicer, compare: CompareServicer, estimate: EstimateServicer
) -> Mapping[str, Calculate]:
    """Return what answers the questions of `QuoteRequest`, by the names of its fields."""
    return {
        "analyze_build_vs_buy": build_vs_buy.analyze_build_vs_buy,
        "compare_gpu_models": compare.compare_gpu_models,
        "compare_offers": compare.compare_offers,
        "compare_providers": compare.compare_providers,
        "estimate_inference": estimate.estimate_inference,
        "estimate_training": estimate.estimate_training,
    }


class QuotesServicer:
    """Converts, asks one of the calculators and the store, converts back.

    `ground` is what the calculators answer from, `calculators` are those of `calculators_of`.
    """

    def __init__(
        self,
        quotes: QuoteStore,
        ground: Calculator,
        *,
        calculators: Mapping[str, Calculate],
        kept_for: timedelta,
        signer: PageTokenSigner,
    ) -> None:
        self._quotes = quotes
        self._ground = ground
        self._calculators = calculators
        self._kept_for = kept_for
        self._signer = signer

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
        snapshot = loaded(self._ground.source)
        message = self._quote(request, asked, snapshot, faults)
        try:
            standing = self._quotes.create_quote(
                _to_keep(message), request_id=request_id, digest=digest
            )
        except StoreFull as error:
            raise _store_full() from error
        if standing is None:
            content = pb.CreateQuoteResponse(quote=message)
            return Answer(content, metadata={REVISION: snapshot.revision})
        # The same request may have come twice at once: the first one to be kept is the quote.
        found = self._replayed(standing, request_id, digest)
        if found is None:
            raise _not_kept()
        return found

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
        snapshot = loaded(self._ground.source)
        quote = pb.Quote.FromString(document)
        rows = [snapshot.find(id_from_name(offer.name, OFFERS)) for offer in quote.offers]
        moves = [move_of(offer, row) for offer, row in zip(quote.offers, rows, strict=True)]
        pairs = zip(rows, moves, strict=True)
        listed = [row for row, move in pairs if row is not None and move.HasField("now")]
        caveats = (*self._caveats(quote, moves), *caveats_of(snapshot, listed))
        rest = pb.GetQuoteResponse(
            moves=moves,
            caveats=[caveat_pb2.Caveat(code=one.code, message=one.message) for one in caveats],
            catalog_revision=snapshot.revision,
            as_of=snapshot.as_of,
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
            revision = self._ground.source.current().revision
            token = token_after(request, next_before, self._signer, revision)
        return Answer(
            pb.ListQuotesResponse(
                quotes=[pb.Quote.FromString(head.listed) for head in heads],
                next_page_token=token,
            )
        )

    def _quote(
        self, request: pb.CreateQuoteRequest, asked: AskedQuote, snapshot: Snapshot, faults: Faults
    ) -> pb.Quote:
        """Ask the calculator and look up its offers. Raises what `_calculated` raises."""
        # Both have to see the same prices.
        self._ground.revisions.pin(snapshot)
        question = pinned(asked.question, snapshot.revision)
        answer = self._calculated(asked.calculator, question, faults)
        now, known = self._ground.now(), self._ground.known(snapshot.revision)
        rows = map(snapshot.find, offer_ids_behind(question, answer, known, now=now))
        expire_time = now + asked.lifetime
        quote = pb.Quote(
            name=f"{QUOTES}/{quote_id_at(now, entropy=secrets.token_hex(_ENTROPY_BYTES))}",
            request=request.request,
            offers=[offer_pb2.Offer.FromString(row.proto) for row in rows if row is not None],
            catalog_revision=snapshot.revision,
            create_time=now,
            expire_time=expire_time,
            binding=pb.BINDING_NONE,
            title=asked.title,
            purge_time=purge_time_of(
                create_time=now, expire_time=expire_time, kept_for=self._kept_for
            ),
        )
        getattr(quote.answer, asked.calculator).CopyFrom(answer)
        return quote

    def _calculated(self, calculator: str, question: Message, faults: Faults) -> Message:
        """Ask the calculator. Raises InvalidRequest with all faults, and what it raises else."""
        under = faults.under(f"request.{calculator}")
        try:
            answer = under.attempt(lambda: self._calculators[calculator](question), None)
        except QuoteError:
            faults.raise_if_any()
            raise
        faults.raise_if_any()
        if answer is None or answer.message is None:
            raise AssertionError("a calculator answers with a message or with faults")
        return answer.message

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
        now, found = self._ground.now(), list[QuoteHead]()
        scanned = size = 0
        limit = min(page_size + 1, HEADS_PER_READ)
        while scanned < SCANNED_PER_PAGE:
            heads = self._quotes.quotes(before=before, limit=limit)
            for head in heads:
                if not include_expired and head.create_time + LONGEST_LIFETIME <= now:
                    return found, ""  # all that follow have expired
                if head.has_words(words) and (include_expired or not head.is_expired(now)):
                    size += len(head.listed)
                    if len(found) == page_size or (found and size > MAX_PAGE_BYTES):
                        return found, found[-1].quote_id
                    found.append(head)
                before = head.quote_id
            if len(heads) < limit:
                return found, ""
            scanned += len(heads)
        return found, before

    def _caveats(self, quote: pb.Quote, moves: list[pb.QuotedOfferMove]) -> list[Caveat]:
        found = list[Caveat]()
        if quote.expire_time.ToDatetime(tzinfo=UTC) <= self._ground.now():
            when = quote.expire_time.ToJsonString()
            text = f"The quote expired at {when}; its prices may not hold."
            found.append(Caveat(code=CaveatCode.QUOTE_EXPIRED, message=text))
        gone = [move.offer for move in moves if not move.HasField("now")]
        if gone:
            text = f"{len(gone)} of {len(moves)} offers are no longer listed: {gone[0]}"
            text += ", and others." if len(gone) > 1 else "."
            found.append(Caveat(code=CaveatCode.QUOTED_OFFERS_GONE, message=text))
        return found


class _Kept(NamedTuple):
    """A quote as it was kept; its JSON is made when it is asked for."""

    proto: bytes
    json: bytes = b""


def _not_kept() -> Unavailable:
    """Say that the quote of a request id ended between two looks at it, so that there is none."""
    return Unavailable(
        Reason.STORE_UNREACHABLE,
        "The store did not keep the quote; ask again.",
        retry_after_seconds=NOT_KEPT_RETRY_SECONDS,
    )


def _store_full() -> Exhausted:
    return Exhausted(
        Reason.QUOTE_STORE_FULL,
        "The store has no room left for quotes; it needs more memory, or to keep them for fewer "
        "days. Those that were made are kept.",
        retry_after_seconds=STORE_FULL_RETRY_SECONDS,
    )


def _to_keep(quote: pb.Quote) -> Quote:
    """Return a quote as the store keeps it. Raises Precondition for one that is too large."""
    document = quote.SerializeToString(deterministic=True)
    size = len(document) + MOVE_BYTES * len(quote.offers)
    if size > MAX_QUOTE_BYTES:
        raise Precondition(
            Reason.QUOTE_TOO_LARGE,
            f"The answer takes {size} bytes with its {len(quote.offers)} offers, more than "
            f"{MAX_QUOTE_BYTES}; ask a narrower question, or for fewer placements.",
            metadata={
                "bytes": str(size),
                "offers": str(len(quote.offers)),
                "limit_bytes": str(MAX_QUOTE_BYTES),
            },
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
        purge_time=quote.purge_time.ToDatetime(tzinfo=UTC),
    )
