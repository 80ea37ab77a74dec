"""Listing offers: a filter, an order and a cursor over one snapshot."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from service.catalog.columns import EPOCH, MICROSECOND, Rows, sort_key_of
from service.catalog.masks import Evaluator, Rates
from service.catalog.paging import PageTokenSigner, bad_page_token
from service.catalog.snapshot import Partition, Row, Snapshot
from service.domain.errors import Precondition, Reason
from service.domain.filter import And, Comparison, Node, Not, Operator, Or, all_of
from service.domain.offer import Freshness
from service.domain.offer_fields import FIELDS, Kind
from service.domain.order import DEFAULT_ORDER, OrderKey

# So many rows are tried in their order, and then so many more, before whole columns are read.
# Up to 500 elements numpy keeps the interpreter's lock: giving it away for a microsecond costs a
# busy server more than the query does.
_HEADS = (400, 1024, 8192)
_GROWTH = 8
_LISTED = Comparison(field="delisted", operator=Operator.EQUAL, value=False)
_NOT_BASELINE = Comparison(
    field="freshness", operator=Operator.NOT_EQUAL, value=Freshness.BASELINE.value
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferQuery:
    """What to list. `page_size` is above zero; `arguments_digest` is of all but the token."""

    filter: Node | None = None
    order: tuple[OrderKey, ...] = DEFAULT_ORDER
    page_size: int = 100
    page_token: str = ""
    max_age: timedelta | None = None
    arguments_digest: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferPage:
    """A page of offers. `touched_providers` could change the answer; None means all could.

    `unreachable` are those of them whose prices are older than their limit.
    """

    rows: Sequence[Row]
    next_page_token: str
    touched_providers: frozenset[str] | None
    unreachable: tuple[str, ...]


def list_offers(
    snapshot: Snapshot, query: OfferQuery, *, signer: PageTokenSigner, rates: Rates, now: datetime
) -> OfferPage:
    """Answer a query from one snapshot. `rates` are US dollars for one unit of a currency.

    Delisted offers are left out unless the filter speaks of `delisted`. Raises InvalidRequest
    for a page token of another query or an amount without a rate, and Precondition
    PRICES_TOO_OLD when offers match but none is as young as `max_age`.
    """
    plan = _plan(snapshot, query)
    candidates = plan.candidates
    if query.page_token:
        candidates = _after_cursor(snapshot, query, candidates, signer)
    if query.max_age is None:
        hits = _first(
            snapshot, candidates, terms=plan.terms, rates=rates, limit=query.page_size + 1
        )
    else:
        terms = (*plan.terms, *_young(query.max_age, now))
        hits = _first(snapshot, candidates, terms=terms, rates=rates, limit=query.page_size + 1)
        if not hits.size and not query.page_token:
            older = _first(snapshot, candidates, terms=plan.terms, rates=rates, limit=None)
            _refuse_if_too_old(snapshot, older, max_age=query.max_age, now=now)
    numbers = hits[: query.page_size].tolist()
    token = ""
    if hits.size > query.page_size:
        token = _token(snapshot, query, numbers[-1], signer)
    return OfferPage(
        rows=snapshot.rows.chosen(numbers),
        next_page_token=token,
        touched_providers=plan.providers,
        unreachable=_unreachable(snapshot, plan.providers),
    )


def refuse_older(rows: Sequence[Row], *, max_age: timedelta, now: datetime) -> None:
    """Refuse rows that were not seen within `max_age`, and baseline rows.

    Raises Precondition PRICES_TOO_OLD, which tells of the oldest of them.
    """
    oldest = now - min(max_age, now - EPOCH)
    refused = [row for row in rows if row.segment.is_baseline or row.observe_time < oldest]
    if not refused:
        return
    row = min(refused, key=lambda one: one.observe_time)
    age = max(0, int((now - row.observe_time).total_seconds()))
    limit = _seconds_text(max_age)
    what = "a baseline price" if row.segment.is_baseline else "the price"
    raise Precondition(
        Reason.PRICES_TOO_OLD,
        f"{len(refused)} of {len(rows)} offers are older than {limit} s or baseline; "
        f"{what} of offers/{row.offer_id} is {age} s old",
        metadata={
            "max_age": f"{limit}s",
            "name": f"offers/{row.offer_id}",
            "oldest_age": f"{age}s",
            "oldest_observe_time": row.observe_time.isoformat().replace("+00:00", "Z"),
            "refused_offer_count": str(len(refused)),
        },
    )


def depends_on_time(query: OfferQuery) -> bool:
    """Tell whether the answer may change though no price, availability or freshness does.

    That is so when it is chosen or ordered by times: a page that is merely seen again moves them.
    """
    named = _fields_of(query.filter) | {key.field for key in query.order}
    return query.max_age is not None or any(FIELDS[name].kind is Kind.TIME for name in named)


def touched_providers(snapshot: Snapshot, node: Node | None) -> frozenset[str] | None:
    """Return the providers whose offers could be in the answer; None means all."""
    terms = _terms(node)
    pinned = None if _speaks_of_delisted(node) else _pinned(snapshot, terms)
    return _providers(pinned, terms)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """Rows in the asked order, what is left to test of them, and whom they come from."""

    candidates: Rows
    terms: tuple[Node, ...]
    providers: frozenset[str] | None


def _plan(snapshot: Snapshot, query: OfferQuery) -> _Plan:
    terms = _terms(query.filter)
    if _speaks_of_delisted(query.filter):
        return _Plan(
            candidates=snapshot.ordering(query.order),
            terms=terms,
            providers=_providers(None, terms),
        )
    pinned = _pinned(snapshot, terms)
    providers = _providers(pinned, terms)
    if pinned is None:
        if query.order == DEFAULT_ORDER:
            return _Plan(candidates=snapshot.listed.rows, terms=terms, providers=providers)
        ordered = snapshot.ordering(query.order)
        return _Plan(candidates=ordered, terms=(_LISTED, *terms), providers=providers)
    term, partition = pinned
    left = tuple(other for other in terms if other is not term)
    rows = partition.rows
    if query.order != DEFAULT_ORDER:
        rows = snapshot.ordered(np.sort(rows), query.order)
    return _Plan(candidates=rows, terms=left, providers=providers)


def _terms(node: Node | None) -> tuple[Node, ...]:
    if node is None:
        return ()
    return node.terms if isinstance(node, And) else (node,)


def _speaks_of_delisted(node: Node | None) -> bool:
    return "delisted" in _fields_of(node)


def _fields_of(node: Node | None) -> frozenset[str]:
    match node:
        case None:
            return frozenset()
        case And(terms=terms) | Or(terms=terms):
            return frozenset[str]().union(*map(_fields_of, terms))
        case Not(term=term):
            return _fields_of(term)
        case Comparison(field=field):
            return frozenset((field,))


def _pinned(snapshot: Snapshot, terms: Sequence[Node]) -> tuple[Node, Partition] | None:
    for field in ("gpu_model", "gpu_family"):
        for term in terms:
            if (
                isinstance(term, Comparison)
                and term.field == field
                and term.operator is Operator.EQUAL
                and isinstance(term.value, str)
            ):
                return term, snapshot.partition(field, term.value)
    return None


def _providers(
    pinned: tuple[Node, Partition] | None, terms: Sequence[Node]
) -> frozenset[str] | None:
    found = None if pinned is None else pinned[1].providers
    for term in terms:
        named = _named_providers(term)
        if named is not None:
            found = named if found is None else found & named
    return found


def _named_providers(term: Node) -> frozenset[str] | None:
    alternatives = term.terms if isinstance(term, Or) else (term,)
    names: set[str] = set()
    for one in alternatives:
        if not (
            isinstance(one, Comparison)
            and one.field == "provider"
            and one.operator is Operator.EQUAL
            and isinstance(one.value, str)
        ):
            return None
        names.add(one.value)
    return frozenset(names)


def _unreachable(snapshot: Snapshot, providers: frozenset[str] | None) -> tuple[str, ...]:
    if providers is None:
        return snapshot.unreachable
    return tuple(provider for provider in snapshot.unreachable if provider in providers)


def _first(
    snapshot: Snapshot,
    candidates: Rows,
    *,
    terms: tuple[Node, ...],
    rates: Rates,
    limit: int | None,
) -> Rows:
    """Return the first `limit` candidates that pass every term, all without a limit."""
    if not terms:
        return candidates[:limit]
    node, evaluator = all_of(terms), Evaluator(snapshot, rates)
    found = candidates[:0]
    left = candidates
    for size in _HEADS:
        head, left = left[:size], left[size:]
        found = np.concatenate((found, head[evaluator.mask(node, head)]))
        if not left.size or (limit is not None and found.size >= limit):
            return found[:limit]
        if limit is None or (size > _HEADS[0] and found.size * _GROWTH < limit):
            break  # so rare that the next few would not do either
    if left.size * 8 < len(snapshot.rows):
        rest = left[evaluator.mask(node, left)]
    else:
        # Reading whole columns in order beats picking most of them out of order.
        rest = left[evaluator.mask(node)[left]]
    return np.concatenate((found, rest))[:limit]


def _young(max_age: timedelta, now: datetime) -> tuple[Node, ...]:
    oldest = now - min(max_age, now - EPOCH)  # a max_age of centuries must not overflow
    young = Comparison(field="observe_time", operator=Operator.AT_LEAST, value=oldest)
    return (young, _NOT_BASELINE)


def _refuse_if_too_old(snapshot: Snapshot, hits: Rows, max_age: timedelta, now: datetime) -> None:
    if not hits.size:
        return
    observed = snapshot.column("observe_time").values[hits]
    live = observed[Evaluator(snapshot, {}).mask(_NOT_BASELINE, hits)]
    youngest = EPOCH + int((live if live.size else observed).max()) * MICROSECOND
    age = max(0, int((now - youngest).total_seconds()))
    limit = _seconds_text(max_age)
    what = "the youngest is" if live.size else "there are only baseline prices, the youngest"
    raise Precondition(
        Reason.PRICES_TOO_OLD,
        f"{hits.size} offers match, none younger than {limit} s; {what} {age} s old",
        metadata={
            "max_age": f"{limit}s",
            "youngest_age": f"{age}s",
            "youngest_observe_time": youngest.isoformat().replace("+00:00", "Z"),
            "matching_offer_count": str(hits.size),
        },
    )


def _seconds_text(span: timedelta) -> str:
    return f"{span.total_seconds():f}".rstrip("0").rstrip(".")


def _token(snapshot: Snapshot, query: OfferQuery, row: int, signer: PageTokenSigner) -> str:
    values = tuple(snapshot.column(key.field).cursor_value(row) for key in query.order)
    return signer.encode(values, query.arguments_digest, snapshot.revision)


def _after_cursor(
    snapshot: Snapshot, query: OfferQuery, candidates: Rows, signer: PageTokenSigner
) -> Rows:
    cursor = signer.decode(query.page_token, query.arguments_digest)
    try:
        after = tuple(
            snapshot.column(key.field).rank_of_cursor(value, descending=key.descending)
            for key, value in zip(query.order, cursor.key_values, strict=True)
        )
    except ValueError as error:  # signed by us, but for another kind of list
        raise bad_page_token() from error
    ranks = sort_key_of(query.order, snapshot.column)
    return candidates[bisect_right(candidates, after, key=ranks) :]
