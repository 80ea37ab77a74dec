"""The filter language: text in, a tree of typed comparisons out.

    gpu_model = "h100-sxm-80gb" AND (country_code = US OR geo = EU) AND price_per_gpu_hour <= 2.5

A strict subset of AIP-160. AND and OR do not mix without parentheses, because the standard's
precedence surprises people. `a != b` is `NOT a = b`, so an offer that does not state a field
passes `!=` and fails `=`, `<` and `>`. `field:*` asks whether the source states the field;
`field:value` is `field = value`. Text may end in `*`.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import NoReturn

from service.domain.errors import InvalidRequest, Reason, Violation
from service.domain.filter_values import BadValue, Value, value_from_text
from service.domain.money import Money
from service.domain.offer_fields import OfferField, find_field, nearest_field

MAX_BYTES = 2048
MAX_TERMS = 64
MAX_DEPTH = 32

_SPACE = re.compile(r"\s*")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*", re.ASCII)
_OPERATOR = re.compile(r"!=|<=|>=|[=<>:]")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"|' + r"'((?:[^'\\]|\\.)*)'", re.DOTALL)
_BARE = re.compile(r"[^\s()\"'<>=!]+")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_KEYWORDS = frozenset({"AND", "OR", "NOT"})
_SHOWN = 40
_NOTHING: Mapping[str, str] = MappingProxyType({})


class Operator(StrEnum):
    """How a field is compared. STATED has no value: it holds where the source says something."""

    EQUAL = "="
    NOT_EQUAL = "!="
    LESS = "<"
    AT_MOST = "<="
    GREATER = ">"
    AT_LEAST = ">="
    STATED = ":*"

    @property
    def is_ordering(self) -> bool:
        """Whether it asks for an order of values."""
        return self not in {Operator.EQUAL, Operator.NOT_EQUAL, Operator.STATED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One term; `field` is the name in the proto, `value` is None only for STATED."""

    field: str
    operator: Operator
    value: Value | None


@dataclass(frozen=True, slots=True, kw_only=True)
class And:
    """Holds where every term holds, so everywhere when there is none."""

    terms: tuple["Node", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Or:
    """Holds where some term holds, so nowhere when there is none."""

    terms: tuple["Node", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    """Holds where the term does not."""

    term: "Node"


Node = And | Or | Not | Comparison


def all_of(nodes: Iterable[Node]) -> Node:
    """Join conditions that must all hold; nested ANDs become one."""
    terms: list[Node] = []
    for node in nodes:
        terms.extend(node.terms if isinstance(node, And) else (node,))
    return terms[0] if len(terms) == 1 else And(terms=tuple(terms))


def any_of(nodes: Iterable[Node]) -> Node:
    """Join alternatives; nested ORs become one."""
    terms: list[Node] = []
    for node in nodes:
        terms.extend(node.terms if isinstance(node, Or) else (node,))
    return terms[0] if len(terms) == 1 else Or(terms=tuple(terms))


def compare(field: str, operator: str, text: str, *, argument: str = "filter") -> Comparison:
    """Make one term from a request argument of its own.

    The field and the operator come from code: a wrong one raises KeyError or ValueError. A text
    that the field cannot take raises InvalidRequest with `argument` as the violation's field.
    """
    known = find_field(field)
    if known is None:
        raise KeyError(field)
    try:
        return _comparison(known, operator, text)
    except BadValue as bad:
        violation = Violation(argument, str(bad), bad.reason, {"value": text[:_SHOWN]})
        raise InvalidRequest.of((violation,)) from bad


def currencies_of(node: Node) -> frozenset[str]:
    """Return the currencies of the amounts that a condition compares with."""
    match node:
        case And(terms=terms) | Or(terms=terms):
            return frozenset[str]().union(*map(currencies_of, terms))
        case Not(term=term):
            return currencies_of(term)
        case Comparison(value=Money(currency_code=code)):
            return frozenset((code,))
        case _:
            return frozenset()


def names_of(node: Node, field: str) -> frozenset[str]:
    """Return the whole names that a condition compares a field with; beginnings are left out."""
    match node:
        case And(terms=terms) | Or(terms=terms):
            return frozenset[str]().union(*(names_of(term, field) for term in terms))
        case Not(term=term):
            return names_of(term, field)
        case Comparison(field=compared, value=str(name)) if compared == field:
            return frozenset((name,))
        case _:
            return frozenset()


def parse_filter(text: str) -> Node:
    """Read a filter; a blank one holds everywhere.

    Raises InvalidRequest with every fault that can be told apart: unknown fields and bad values
    are all listed, a fault of grammar ends the reading. Each violation names its column,
    counted from 1.
    """
    if len(text.encode(errors="replace")) > MAX_BYTES:
        _refuse(f"longer than {MAX_BYTES} bytes")
    return _Parser(text).parse()


def _refuse(description: str) -> NoReturn:
    raise InvalidRequest.of((Violation("filter", description, Reason.BAD_FILTER),))


def _comparison(field: OfferField, sign: str, text: str) -> Comparison:
    if sign == ":" and text == "*":
        return Comparison(field=field.name, operator=Operator.STATED, value=None)
    operator = Operator.EQUAL if sign == ":" else Operator(sign)
    if operator.is_ordering and not field.kind.is_ordered:
        raise BadValue(f"{field.name} has no order; use = or !=, not {sign}")
    value = value_from_text(field, text)
    return Comparison(field=field.name, operator=operator, value=value)


class _BadGrammar(Exception):
    """Reading cannot go on; the violation is already noted."""


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._term_count = 0
        self._violations: list[Violation] = []

    def parse(self) -> Node:
        node: Node = And(terms=())
        try:
            self._skip_space()
            if self._at < len(self._text):
                node = self._expression(depth=0)
                if self._at < len(self._text):
                    self._stop(f"expected AND, OR or the end, found {self._rest()}")
        except _BadGrammar:
            pass
        if self._violations:
            raise InvalidRequest.of(tuple(self._violations))
        return node

    def _expression(self, *, depth: int) -> Node:
        terms = [self._term(depth=depth)]
        joint = ""
        while (word := self._peek_word()) in {"AND", "OR"}:
            if joint and word != joint:
                self._stop("AND and OR are mixed; put parentheses around one of them")
            joint = word
            self._take(_WORD)
            terms.append(self._term(depth=depth))
        if joint == "OR":
            return any_of(terms)
        return all_of(terms)

    def _term(self, *, depth: int) -> Node:
        if depth > MAX_DEPTH:
            self._stop(f"nested deeper than {MAX_DEPTH} levels")
        if self._peek_word() == "NOT":
            self._take(_WORD)
            return Not(term=self._term(depth=depth + 1))
        if not self._text.startswith("(", self._at):
            return self._compared()
        opened_at = self._at
        self._advance(1)
        node = self._expression(depth=depth + 1)
        if not self._text.startswith(")", self._at):
            self._stop(
                f"expected AND, OR or the ) for the ( in column {opened_at + 1}, "
                f"found {self._rest()}"
            )
        self._advance(1)
        return node

    def _compared(self) -> Node:
        self._term_count += 1
        if self._term_count > MAX_TERMS:
            self._stop(f"more than {MAX_TERMS} comparisons")
        field_at = self._at
        spelling = self._take(_WORD)
        if spelling is None or spelling in _KEYWORDS:
            self._at = field_at
            self._stop(f"expected a field, found {self._rest()}")
        sign = self._take(_OPERATOR)
        if sign is None:
            self._stop(
                f"expected = != < <= > >= or : after {spelling[:_SHOWN]}, found {self._rest()}"
            )
        value_at = self._at
        text = self._value()
        field = find_field(spelling)
        if field is None:
            nearest = nearest_field(spelling)
            self._note(
                field_at,
                f"no field {spelling[:_SHOWN]!r}; did you mean {nearest!r}?",
                metadata={"name": spelling[:_SHOWN], "nearest": nearest},
            )
            return And(terms=())
        try:
            return _comparison(field, sign, text)
        except BadValue as bad:
            self._note(value_at, str(bad), bad.reason, metadata={"value": text[:_SHOWN]})
            return And(terms=())

    def _value(self) -> str:
        quoted = _QUOTED.match(self._text, self._at)
        if quoted is not None:
            self._advance(len(quoted[0]))
            return _ESCAPE.sub(r"\1", quoted[0][1:-1])
        if self._text.startswith(('"', "'"), self._at):
            self._stop("this quotation mark is never closed")
        bare = self._take(_BARE)
        if bare is None:
            self._stop(f"expected a value, found {self._rest()}")
        return bare

    def _peek_word(self) -> str:
        word = _WORD.match(self._text, self._at)
        return "" if word is None else word[0]

    def _take(self, pattern: re.Pattern[str]) -> str | None:
        found = pattern.match(self._text, self._at)
        if found is None:
            return None
        self._advance(len(found[0]))
        return found[0]

    def _advance(self, count: int) -> None:
        self._at += count
        self._skip_space()

    def _skip_space(self) -> None:
        space = _SPACE.match(self._text, self._at)
        self._at += len(space[0]) if space else 0

    def _rest(self) -> str:
        rest = self._text[self._at : self._at + 20]
        return repr(rest) if rest else "the end"

    def _note(
        self,
        at: int,
        message: str,
        reason: Reason = Reason.BAD_FILTER,
        *,
        metadata: Mapping[str, str] = _NOTHING,
    ) -> None:
        column = str(at + 1)
        self._violations.append(
            Violation(
                "filter", f"column {column}: {message}", reason, {"column": column, **metadata}
            )
        )

    def _stop(self, message: str) -> NoReturn:
        self._note(self._at, message)
        raise _BadGrammar
