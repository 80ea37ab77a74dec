"""The filter language: what it reads, what it refuses, and in which words."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from gpuquote.v1 import offer_pb2
from hypothesis import given, settings
from hypothesis import strategies as st

from service.domain.errors import InvalidRequest, Reason
from service.domain.filter import (
    MAX_BYTES,
    MAX_DEPTH,
    MAX_TERMS,
    And,
    Comparison,
    Node,
    Not,
    Operator,
    Or,
    all_of,
    any_of,
    compare,
    currencies_of,
    parse_filter,
)
from service.domain.filter_values import Prefix, Value
from service.domain.money import Money
from service.domain.offer_fields import FIELDS, Kind


def term(field: str, operator: str, value: Value | None) -> Comparison:
    return Comparison(field=field, operator=Operator(operator), value=value)


def usd(amount: str) -> Money:
    return Money(amount=Decimal(amount))


H100 = term("gpu_model", "=", "h100-sxm-80gb")
IN_US = term("country_code", "=", "US")
IN_CA = term("country_code", "=", "CA")


def refusal(text: str) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as caught:
        parse_filter(text)
    assert all(violation.field == "filter" for violation in caught.value.violations)
    return caught.value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", And(terms=())),
        (" \n\t", And(terms=())),
        ("country_code=US", IN_US),
        ("( country_code = US )", IN_US),
        ("((country_code = us))", IN_US),
        ("countryCode = 'US'", IN_US),
        ("country_code:US", IN_US),
        ("NOT country_code = US", Not(term=IN_US)),
        ("NOT NOT country_code = US", Not(term=Not(term=IN_US))),
        ("country_code = US OR country_code = CA", Or(terms=(IN_US, IN_CA))),
        (
            (
                'gpu_model = "h100-sxm-80gb" AND (country_code = "US" OR country_code = "CA") AND '
                "price_per_gpu_hour <= 2.50"
            ),
            And(
                terms=(
                    H100,
                    Or(terms=(IN_US, IN_CA)),
                    term("price_per_gpu_hour", "<=", usd("2.50")),
                )
            ),
        ),
        (
            "gpu_model=h100-sxm-80gb AND (country_code=US AND country_code=CA)",
            And(terms=(H100, IN_US, IN_CA)),
        ),
        (
            "NOT (country_code = US OR country_code = CA)",
            Not(term=Or(terms=(IN_US, IN_CA))),
        ),
    ],
)
def test_grammar(text: str, expected: Node) -> None:
    assert parse_filter(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("provider = providers/nimbus", term("provider", "=", "nimbus")),
        ('name = "offers/nimbus-*"', term("name", "=", Prefix(text="nimbus-"))),
        ("gpuModel != gpuModels/h100-sxm-80gb", term("gpu_model", "!=", "h100-sxm-80gb")),
        ('gpu_family = "RTX 6000"', term("gpu_family", "=", "RTX 6000")),
        ("gpu_family = AND", term("gpu_family", "=", "AND")),
        (r'instance_type = "a\"b\\c"', term("instance_type", "=", 'a"b\\c')),
        ("instance_type = p5*", term("instance_type", "=", Prefix(text="p5"))),
        ("region_code = eu:1", term("region_code", "=", "eu:1")),
        ("region_code:*", term("region_code", ":*", None)),
        ("regionCode : *", term("region_code", ":*", None)),
        ("geo = EU", term("geo", "=", parse_filter("geo = EU").value)),  # type: ignore[union-attr]
        ("purchase_model = SPOT", term("purchase_model", "=", "SPOT")),
        ("purchaseModel=PURCHASE_MODEL_SPOT", term("purchase_model", "=", "SPOT")),
        ("availability = AVAILABILITY_STATE_LIMITED", term("availability", "=", "LIMITED")),
        ("availability.state = LIMITED", term("availability", "=", "LIMITED")),
        ("gpu_link = GPU_LINK_PCIE", term("gpu_link", "=", "PCIE")),
        ("fabric != NONE", term("fabric", "!=", "NONE")),
        ("listed.unit = TERM", term("listed.unit", "=", "TERM")),
        ("delisted = true", term("delisted", "=", value=True)),
        ("unverified = false", term("unverified", "=", value=False)),
        ("gpu_count >= 0.125", term("gpu_count", ">=", Decimal("0.125"))),
        ("host_reliability < 0.99", term("host_reliability", "<", Decimal("0.99"))),
        ("vcpu_count > 8", term("vcpu_count", ">", Decimal(8))),
        ("price_per_hour < 2.5", term("price_per_hour", "<", usd("2.5"))),
        ('price_per_hour < "2.5 USD"', term("price_per_hour", "<", usd("2.5"))),
        (
            'upfront > "100 EUR"',
            term("upfront", ">", Money(amount=Decimal(100), currency_code="EUR")),
        ),
        ("billing_increment <= 60s", term("billing_increment", "<=", timedelta(minutes=1))),
        ("min_term = 0.5s", term("min_term", "=", timedelta(milliseconds=500))),
        (
            "observe_time >= 2026-10-08T14:00:00+02:00",
            term("observe_time", ">=", datetime(2026, 10, 8, 12, tzinfo=UTC)),
        ),
        (
            'observe_time < "2026-10-08t12:00:00.1234567z"',
            term("observe_time", "<", datetime(2026, 10, 8, 12, 0, 0, 123456, tzinfo=UTC)),
        ),
    ],
)
def test_values(text: str, expected: Node) -> None:
    assert parse_filter(text) == expected


def test_a_geo_group_becomes_its_countries() -> None:
    node = parse_filter("geo = EU")
    assert isinstance(node, Comparison)
    assert isinstance(node.value, frozenset)
    assert {"DE", "FR"} <= node.value
    assert "US" not in node.value


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ("country_code = US AND", 22, "expected a field, found the end"),
        ("AND country_code = US", 1, "expected a field, found 'AND country_code = U'"),
        ("country_code", 13, "expected = != < <= > >= or : after country_code"),
        ("country_code US", 14, "found 'US'"),
        ("country_code =", 15, "expected a value, found the end"),
        ("country_code = )", 16, "expected a value, found ')'"),
        ('country_code = "US', 16, "never closed"),
        ("country_code = US price_per_hour < 2", 19, "expected AND, OR or the end"),
        ("price_per_hour < 2.50 EUR", 23, "expected AND, OR or the end, found 'EUR'"),
        ("country_code = US and country_code = CA", 19, "expected AND, OR or the end"),
        ("(country_code = US", 19, "the ) for the ( in column 1, found the end"),
        ("country_code = US)", 18, "found ')'"),
        ("()", 2, "expected a field"),
        (
            "country_code = US OR country_code = CA AND gpu_count = 1",
            40,
            "AND and OR are mixed",
        ),
        (
            "country_code = US AND gpu_count = 1 OR country_code = CA",
            37,
            "AND and OR are mixed",
        ),
        ("gpu_modle = x", 1, "no field 'gpu_modle'; did you mean 'gpu_model'?"),
        ("price <= 2", 1, "did you mean 'price_per_"),
        ("PRICE_PER_HOUR <= 2", 1, "did you mean 'price_per_hour'?"),
        ("___ <= 2", 1, "no field '___'"),
        ("purchase_model = SPTO", 18, "'SPTO' is not one of ON_DEMAND, SPOT"),
        ("purchase_model = PURCHASE_MODEL_UNSPECIFIED", 18, "is not one of"),
        ("purchase_model < SPOT", 18, "purchase_model has no order; use = or !="),
        ("gpu_family >= H100", 15, "gpu_family has no order"),
        ("provider = gpuModels/h100", 12, "write an id or providers/"),
        ("instance_type = p*5", 17, "* may only stand at the end"),
        ("country_code = USA", 16, "ISO 3166-1"),
        ("geo = Mars", 7, "no group of countries; known:"),
        ("delisted = yes", 12, "neither true nor false"),
        ("gpu_count = 1e3", 13, "not a plain number"),
        ("gpu_count = NaN", 13, "not a plain number"),
        ("vcpu_count = 1.5", 14, "not a whole number"),
        ("observe_time > yesterday", 16, "not an RFC 3339 time"),
        ("observe_time > 2026-02-30T00:00:00Z", 16, "not an RFC 3339 time"),
        ("observe_time > 0001-01-01T00:00:00+14:00", 16, "not an RFC 3339 time"),
        ("billing_increment = 60", 21, "not a duration in seconds such as 60s"),
        (f"country_code = {'(' * 300}", 16, "expected a value"),
    ],
)
def test_a_fault_says_its_column_and_what_was_expected(text: str, column: int, words: str) -> None:
    error = refusal(text)
    assert error.reason is Reason.BAD_FILTER
    assert len(error.violations) == 1
    assert error.violations[0].description.startswith(f"column {column}: ")
    assert words in error.violations[0].description


@pytest.mark.parametrize(
    "amount",
    [
        "NaN",
        "1e3",
        "-1",
        "-0",
        "+2",
        "$2.50",
        "2,50",
        "Infinity",
        '"2.5 eur"',
        '"EUR"',
        '""',
        '" "',
    ],
)
@pytest.mark.parametrize("field", ["price_per_gpu_hour", "egressPricePerGb"])
def test_what_is_not_plain_money_is_bad_money(field: str, amount: str) -> None:
    error = refusal(f"{field} <= {amount}")
    assert error.reason is Reason.BAD_MONEY
    assert [violation.reason for violation in error.violations] == [Reason.BAD_MONEY]


def test_every_fault_that_can_be_told_apart_is_listed() -> None:
    error = refusal("modle = x AND (price_per_hour < NaN OR purchase_model = SPTO) OR x = 1")
    assert [violation.description.split(":")[0] for violation in error.violations] == [
        "column 1",
        "column 33",
        "column 57",
        "column 63",
    ]
    assert [violation.reason for violation in error.violations] == [
        Reason.BAD_FILTER,
        Reason.BAD_MONEY,
        Reason.BAD_FILTER,
        Reason.BAD_FILTER,
    ]


def test_length_is_limited_in_bytes() -> None:
    padding = " " * (MAX_BYTES - len("country_code=US"))
    assert parse_filter("country_code=US" + padding) == IN_US
    assert "2048 bytes" in str(refusal("country_code=US " + padding))
    assert "2048 bytes" in str(refusal("gpu_family = é" * 140))


def test_terms_are_limited() -> None:
    most = " OR ".join(["geo=EU"] * MAX_TERMS)
    assert isinstance(parse_filter(most), Or)
    assert "more than 64 comparisons" in str(refusal(most + " OR geo=EU"))


@pytest.mark.parametrize(("opening", "closing"), [("(", ")"), ("NOT ", ""), ("NOT(", ")")])
def test_depth_is_limited(opening: str, closing: str) -> None:
    levels = MAX_DEPTH // (2 if opening == "NOT(" else 1)
    parse_filter(opening * levels + "geo=EU" + closing * levels)
    assert "nested deeper" in str(refusal(opening * (levels + 1) + "geo=EU" + closing))
    assert "nested deeper" in str(refusal("(" * 2000))


def test_nodes_are_built_without_text() -> None:
    assert all_of([]) == And(terms=())
    assert any_of([]) == Or(terms=())
    assert all_of([IN_US]) == IN_US
    assert any_of([IN_US]) == IN_US
    assert all_of([all_of([IN_US, IN_CA]), H100]) == And(terms=(IN_US, IN_CA, H100))
    assert any_of([any_of([IN_US, IN_CA]), H100]) == Or(terms=(IN_US, IN_CA, H100))
    assert compare("country_code", "=", "us") == IN_US


def test_an_argument_that_cannot_be_compared_is_named_in_the_violation() -> None:
    with pytest.raises(InvalidRequest) as caught:
        compare("price_per_gpu_hour", "<=", "1e3", argument="max_price_per_gpu_hour")
    assert caught.value.reason is Reason.BAD_MONEY
    assert caught.value.violations[0].field == "max_price_per_gpu_hour"
    with pytest.raises(KeyError):
        compare("modle", "=", "x")


def test_every_field_of_the_contract_can_be_filtered() -> None:
    names = {field.name for field in offer_pb2.Offer.DESCRIPTOR.fields}
    assert names - FIELDS.keys() == {"listed", "exchange_rate"}
    assert FIELDS.keys() - names == {"delisted", "geo", "listed.unit"}


def test_enum_members_are_those_of_the_contract() -> None:
    for field in FIELDS.values():
        described = offer_pb2.Offer.DESCRIPTOR.fields_by_name.get(field.name.partition(".")[0])
        if field.kind is not Kind.ENUM or described is None:
            continue
        inner = described.message_type
        if inner is not None:
            described = inner.fields_by_name[field.name.partition(".")[2] or "state"]
        assert described.enum_type is not None
        names = [value.name for value in described.enum_type.values if value.number]
        assert names == [field.prefix + member for member in field.members]


_PIECES = st.sampled_from(
    [
        *FIELDS,
        *("AND", "OR", "NOT", "(", ")", "=", "!=", "<", "<=", ">", ">=", ":", "*", '"', "'"),
        *("\\", "SPOT", "2.50", '"2.50 EUR"', "true", "60s", "2026-10-08T12:00:00Z", "EU", "US"),
        *("offers/x", "\x00", "\ud800", "é", "9" * 30, "-1", "1e400", "NaN"),
    ]
)
_TEXTS = st.one_of(
    st.text(max_size=200),
    st.lists(_PIECES, max_size=30).map(" ".join),
    st.lists(_PIECES, max_size=30).map("".join),
    st.builds(
        lambda field, sign, value: f"{field} {sign} {value}",
        st.sampled_from(list(FIELDS)),
        st.sampled_from([operator.value for operator in Operator]),
        st.text(st.characters(codec="ascii"), max_size=30) | _PIECES,
    ),
)


@pytest.mark.no_cover  # Many cases of what other tests cover.
@settings(max_examples=400, deadline=None)
@given(_TEXTS)
def test_any_text_is_read_or_refused(text: str) -> None:
    reasons = set()
    try:
        parse_filter(text)
    except InvalidRequest as error:
        reasons = {violation.reason for violation in error.violations} or {Reason.INTERNAL}
    assert reasons <= {Reason.BAD_FILTER, Reason.BAD_MONEY}


def test_the_currencies_of_a_condition_are_found_wherever_they_stand() -> None:
    text = 'price_per_hour < "1 EUR" AND NOT (upfront > 2 OR (geo = EU AND upfront = "3 GBP"))'
    assert currencies_of(parse_filter(text)) == {"EUR", "USD", "GBP"}
    assert currencies_of(parse_filter("upfront:* AND vram_gb = 80")) == set()
    assert currencies_of(parse_filter("")) == set()
