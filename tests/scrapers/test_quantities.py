"""The grammar of counts, sizes and terms."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapers.printed import Unreadable
from scrapers.quantities import (
    count_from_text,
    memory_gib,
    moment_from_text,
    share_from_text,
    share_of,
    storage_gb,
    term_from_text,
    whole_from_text,
)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("8", "8"),
        (" 8 ", "8"),
        ("8x", "8"),
        ("x8", "8"),
        ("8 \u00d7", "8"),
        ("4^1", "4"),
        ("4²", "4"),
        ("4\u2074", "4"),
        ("8*", "8"),
        ("0.5", "1/2"),
        ("0.125", "1/8"),
        ("1/8", "1/8"),
        ("1/6", "1/6"),
        ("1,024", "1024"),
        ("8.0", "8"),
    ],
)
def test_a_count_is_read(text: str, count: str) -> None:
    assert count_from_text(text) == Fraction(count)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "0/8",
        "1/0",
        "3/2",
        "1.5",
        "-1",
        "8 GPUs",
        "eight",
        "4^",
        "\u0664",
        "100001",
        "4 1",
        "16+",
        "8e1",
    ],
)
def test_what_is_no_count_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        count_from_text(text)


@given(st.text(max_size=12) | st.from_regex(r"[0-9.,/x^+]{1,8}"))
def test_any_text_is_a_count_above_zero_or_refused(text: str) -> None:
    try:
        count = count_from_text(text)
    except Unreadable:
        return
    assert count > 0
    assert count < 1 or count.denominator == 1


@pytest.mark.parametrize(
    ("text", "number"), [("192", 192), ("1,024", 1024), ("256+", 256), ("0", 0), ("16^2", 16)]
)
def test_a_whole_number_is_read(text: str, number: int) -> None:
    assert whole_from_text(text) == number


@pytest.mark.parametrize("text", ["", "1.5", "+", "many", "-1", "4294967296"])
def test_what_is_no_whole_number_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        whole_from_text(text)


@pytest.mark.parametrize(
    ("text", "gib"),
    [
        ("1800 GiB", "1800"),
        ("4,096 GB", "4096"),
        ("120 GB", "120"),
        ("80Gi" + "B", "80"),
        ("80G", "80"),
        ("143771 MiB", "140.4013671875"),
        ("25769803776 B", "24"),
        ("2 TB", "2048"),
        ("1.5 TiB", "1536"),
    ],
)
def test_memory_is_read_as_gib(text: str, gib: str) -> None:
    assert memory_gib(text) == Decimal(gib)


@pytest.mark.parametrize("text", ["", "1800", "GiB", "1800 bananas", "1,80 GB", "80 GB HBM3"])
def test_what_is_no_size_of_memory_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        memory_gib(text)


@pytest.mark.parametrize(
    ("text", "gb"),
    [
        ("22 TiB SSD", "24189.255811072"),
        ("1 TiB SSD", "1099.511627776"),
        ("8 x 1000 SSD", "8000"),
        ("8 x 3840 NVMe SSD", "30720"),
        ("4 x 1900 GB NVMe SSD", "7600"),
        ("1 x 3840 GB SSD", "3840"),
        ("61.44 TB", "61440"),
        ("19,200 GB", "19200"),
        ("512 GiB SSD", "549.755813888"),
        ("960 GB local disk", "960"),
    ],
)
def test_storage_is_read_as_gb(text: str, gb: str) -> None:
    assert storage_gb(text) == Decimal(gb)


@pytest.mark.parametrize(
    "text", ["", "EBS only", "3840", "3840 SSD", "8 x", "8 x 1000 bananas", "1,5 TB", "61,44 TB"]
)
def test_what_is_no_size_of_storage_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        storage_gb(text)


@pytest.mark.parametrize(
    ("text", "code", "hours"),
    [
        ("1 Year", "8760h", 8760),
        ("3 Years", "26280h", 26280),
        ("1yr", "8760h", 8760),
        ("one-year", "8760h", 8760),
        ("12 months", "8760h", 8760),
        ("36 Months", "26280h", 26280),
        ("6 months", "4380h", 4380),
        ("14 days", "336h", 336),
        ("48 hours", "48h", 48),
        ("2 weeks \u2013 1 year", "336h-8760h", 336),
        ("2 weeks to 12 months", "336h-8760h", 336),
        ("1 year+", "8760h+", 8760),
        ("1-3 months", "730h-2190h", 730),
    ],
)
def test_a_term_is_read(text: str, code: str, hours: int) -> None:
    term = term_from_text(text)
    assert (term.code, term.least) == (code, timedelta(hours=hours))
    assert term.is_exact is code.removesuffix("h").isdigit()


@pytest.mark.parametrize(
    "text", ["", "1", "year", "0 years", "1 year - 2 weeks", "1 decade", "1 year*", "1.5 years"]
)
def test_what_is_no_term_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        term_from_text(text)


@pytest.mark.parametrize(
    ("total", "whole", "share"),
    [
        ("640", "80", "8"),
        ("1536", "192", "8"),
        ("1464", "180", "8"),  # 8 x 183
        ("1536", "180", "8"),  # 8 x 192
        ("1280", "80", "16"),
        ("80", "80", "1"),
        ("22.35", "24", "1"),
        ("40", "80", "1/2"),
        ("4", "80", "1/20"),
        ("10", "80", "1/8"),
        ("20", "48", "5/12"),
        ("34", "288", "1/8"),  # hardly 2/17
        ("68", "288", "1/4"),  # hardly 4/17
        ("2.794", "24", "1/8"),  # an eighth of 22,888 MiB
        ("2", "48", "41667/1000000"),  # 1/24: more parts than are looked for
        ("1", "64", "15625/1000000"),
    ],
)
def test_a_memory_size_gives_the_share_of_a_gpu(total: str, whole: str, share: str) -> None:
    assert share_of(Decimal(total), whole_gib=Decimal(whole)) == Fraction(share)


@pytest.mark.parametrize(
    ("total", "whole"), [("96", "80"), ("1536", "256"), ("240", "80"), ("0", "80")]
)
def test_a_size_that_fits_no_count_of_a_machine_is_refused(total: str, whole: str) -> None:
    with pytest.raises(Unreadable):
        share_of(Decimal(total), whole_gib=Decimal(whole))


@given(st.sampled_from([1, 2, 4, 8, 16]), st.sampled_from([16, 24, 40, 48, 80, 96, 141, 180, 192]))
def test_the_memory_of_n_gpus_is_n_gpus(count: int, whole: int) -> None:
    assert share_of(Decimal(count * whole), whole_gib=Decimal(whole)) == count


@given(
    st.integers(min_value=2, max_value=12).flatmap(
        lambda n: st.tuples(st.integers(min_value=1, max_value=n - 1), st.just(n))
    )
)
def test_an_equal_part_is_found_exactly(part: tuple[int, int]) -> None:
    share = Fraction(*part)
    total = Decimal(share.numerator) * 80 / Decimal(share.denominator)
    found = share_of(total, whole_gib=Decimal(80))
    assert found == 1 if share > Fraction(93, 100) else abs(found - share) <= share / 200


@pytest.mark.parametrize(
    ("text", "share"),
    [("0.98", "0.98"), ("98%", "0.98"), ("99.95 %", "0.9995"), ("1", "1"), ("0", "0")],
)
def test_a_share_is_read(text: str, share: str) -> None:
    assert share_from_text(text) == Decimal(share)


@pytest.mark.parametrize("text", ["", "98", "101%", "-0.5", "high", "0,98", "1e-1", "٩%"])
def test_what_is_no_share_of_one_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        share_from_text(text)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-10-08", datetime(2026, 10, 8, tzinfo=UTC)),
        ("2026-10-08T11:30:00Z", datetime(2026, 10, 8, 11, 30, tzinfo=UTC)),
        ("2026-10-08 11:30", datetime(2026, 10, 8, 11, 30, tzinfo=UTC)),
        ("2026-10-08T11:30:00.5+02:00", datetime(2026, 10, 8, 9, 30, 0, 500_000, tzinfo=UTC)),
        ("2026-12-31T23:30:00-0100", datetime(2027, 1, 1, 0, 30, tzinfo=UTC)),
    ],
)
def test_a_date_or_a_time_is_a_moment_in_utc(text: str, moment: datetime) -> None:
    found = moment_from_text(text)
    assert found == moment
    assert found.tzinfo is UTC


NO_MOMENTS = """
    soon 2026-02-30 2026-10-08T25:00 20261008 2026-W41-4 08.10.2026 1999-01-01 2026-1-8
    9999-12-31T23:59:59-14:00 2026-10-08T11:30+99:00 2026-10-08T11:30:00.
"""


@pytest.mark.parametrize("text", ["", *NO_MOMENTS.split()])
def test_what_is_no_iso_date_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        moment_from_text(text)
