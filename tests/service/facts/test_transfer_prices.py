"""The bundled prices of egress and storage."""

from decimal import Decimal
from pathlib import Path

import pytest

from service.facts.rows import BadFacts
from service.facts.transfer_prices import load_egress_prices, load_storage_prices

EGRESS = "provider_id,why_not,provider,tier,usd_per_gb,free_gb_month,date,source,note"
STORAGE = "provider_id,why_not,provider,product,tier,usd_per_gb_month,date,source"


def a_table(folder: Path, heading: str, *rows: str) -> Path:
    path = folder / "prices.csv"
    path.write_text("\n".join((heading, *rows)) + "\n", encoding="utf-8")
    return path


def test_the_tables_are_whole() -> None:
    assert set(load_egress_prices()) == {
        "aws", "azure", "gcp", "oracle", "lambda", "runpod", "nebius",
    }  # fmt: skip
    assert set(load_storage_prices()) == {"aws", "azure", "gcp", "oracle", "runpod"}
    assert load_storage_prices()["aws"].dollars_per_gb_month == Decimal("0.023")


@pytest.mark.parametrize(
    ("provider", "gb", "dollars"),
    [
        ("aws", "100", "0"),
        ("aws", "101", "0.09"),
        ("aws", "10100", "900"),
        # 10,000 GB at 0.09, 40,000 at 0.085, 100,000 at 0.07, 1,000 at 0.05.
        ("aws", "151100", "11350"),
        ("gcp", "1", "0.12"),
        ("oracle", "10000", "0"),
        ("oracle", "10001", "0.0085"),
        ("lambda", "1000000", "0"),
        ("azure", "0", "0"),
    ],
)
def test_egress_is_charged_by_tier_after_what_is_free(provider: str, gb: str, dollars: str) -> None:
    assert load_egress_prices()[provider].dollars(Decimal(gb)) == Decimal(dollars)


def test_rows_that_contradict_the_provider_are_not_used() -> None:
    assert load_egress_prices()["lambda"].source.startswith("lambda.ai")
    assert "coreweave" not in load_egress_prices()


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (",,acme,internet,0.1,0,2026,list,", "exactly one"),
        ("acme,too old,acme,internet,0.1,0,2026,list,", "exactly one"),
        ("acme,,acme,0-10 GB internet,0.1,0,2026,list,", "from 0 to inf"),
        ("acme,,acme,inter-region,0.1,0,2026,list,", "tier"),
        ("acme,,acme,0-inf GB elsewhere,0.1,0,2026,list,", "no tier"),
        ("acme,,acme,internet,0.1,plan,2026,list,", "free_gb_month"),
        ("acme,,acme,internet,0.1,unlimited,2026,list,", "unlimited"),
        ("acme,,acme,internet,-0.1,0,2026,list,", "below zero"),
    ],
)
def test_broken_rows_of_egress_are_named(tmp_path: Path, row: str, message: str) -> None:
    with pytest.raises(BadFacts, match=message):
        load_egress_prices(a_table(tmp_path, EGRESS, row))


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ("acme,,acme,20-inf GB internet,0.1,0,2026,list,", "does not begin"),
        ("acme,,acme,10-inf GB internet,0.1,5,2026,list,", "differ"),
    ],
)
def test_tiers_must_meet(tmp_path: Path, second: str, message: str) -> None:
    first = "acme,,acme,0-10 GB internet,0.1,0,2026,list,"
    with pytest.raises(BadFacts, match=message):
        load_egress_prices(a_table(tmp_path, EGRESS, first, second))


def test_storage_has_one_price_a_provider(tmp_path: Path) -> None:
    row = "acme,,acme,disks,hot,0.1,2026,list"
    assert load_storage_prices(a_table(tmp_path, STORAGE, row))["acme"].product == "disks"
    other = tmp_path / "twice"
    other.mkdir()
    with pytest.raises(BadFacts, match="two prices"):
        load_storage_prices(a_table(other, STORAGE, row, row))
