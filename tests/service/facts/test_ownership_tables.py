"""Every loader of the tables of owning refuses a broken row and says where it is."""

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from service.facts import (
    colocation,
    electricity,
    hardware_prices,
    opex,
    pue,
    rental_history,
    reserved_discounts,
    residual_values,
    server_power,
    spot,
)
from service.facts.rows import BadFacts

FACTS = Path(hardware_prices.__file__).parent
LOADERS: dict[str, Callable[[Path], object]] = {
    "hardware_prices.csv": hardware_prices.load_hardware_prices,
    "power.csv": server_power.load_power_ratings,
    "electricity.csv": electricity.load_electricity_prices,
    "colo.csv": colocation.load_space_prices,
    "pue.csv": pue.load_pue,
    "opex_params.csv": opex.load_opex,
    "residual_values.csv": residual_values.load_residual_values,
    "reserved_discounts.csv": reserved_discounts.load_reserved_discounts,
    "spot.csv": spot.load_spot_offers,
    "rental_history.csv": rental_history.load_rental_history,
}
BROKEN = [
    ("hardware_prices.csv", "price_usd", "0"),
    ("hardware_prices.csv", "price_usd", "12e4"),
    ("hardware_prices.csv", "kind", "server x8"),
    ("hardware_prices.csv", "gpus", "eight"),
    ("hardware_prices.csv", "date", "spring 2024"),
    ("hardware_prices.csv", "gpu_models", "h100-sxm-80gb|"),
    ("hardware_prices.csv", "source", ""),
    ("power.csv", "max_kw", "-6.5"),
    ("power.csv", "max_kw", ""),
    ("power.csv", "typical_low_kw", "3"),
    ("power.csv", "kind", "box"),
    ("electricity.csv", "industrial_per_kwh", "7 cents"),
    ("electricity.csv", "currency_code", ""),
    ("electricity.csv", "date", "2023-13"),
    ("colo.csv", "low", "300"),
    ("colo.csv", "unit", "per kW"),
    ("colo.csv", "power", "free"),
    ("pue.csv", "pue", "0.9"),
    ("pue.csv", "kind", "office"),
    ("opex_params.csv", "low", "0.6"),
    ("opex_params.csv", "base", "-1"),
    ("opex_params.csv", "unit", ""),
    ("residual_values.csv", "low_percent", "101"),
    ("residual_values.csv", "high_percent", "50"),
    ("residual_values.csv", "age_months", "0"),
    ("reserved_discounts.csv", "discount_percent", "36"),
    ("reserved_discounts.csv", "discount_percent", ""),
    ("reserved_discounts.csv", "gpus", ""),
    ("spot.csv", "discount_percent", "60"),
    ("spot.csv", "interruption_low_percent_per_month", ""),
    ("spot.csv", "interruption_low_percent_per_month", "11"),
    ("rental_history.csv", "usd_per_gpu_hour", "free"),
    ("rental_history.csv", "date", "2023-02-30"),
]


def a_copy(folder: Path, name: str, *, column: str = "", text: str = "") -> Path:
    """Write a bundled table anew, with one cell of its first row replaced."""
    with (FACTS / name).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    if column:
        rows[0][column] = text
    path = folder / name
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.mark.parametrize("name", LOADERS)
def test_a_whole_table_is_read(name: str, tmp_path: Path) -> None:
    assert LOADERS[name](a_copy(tmp_path, name))


@pytest.mark.parametrize(("name", "column", "text"), BROKEN)
def test_a_broken_row_names_file_line_and_column(
    name: str, column: str, text: str, tmp_path: Path
) -> None:
    with pytest.raises(BadFacts) as raised:
        LOADERS[name](a_copy(tmp_path, name, column=column, text=text))

    message = str(raised.value)
    assert message.startswith(f"{name} line 2: ")
    # What is wrong with a range is said of its middle.
    middles = {("opex_params.csv", "low"): "base", ("power.csv", "typical_low_kw"): "typical_kw"}
    expected = middles.get((name, column), column)
    assert f"line 2: {expected} " in message


@pytest.mark.parametrize("name", LOADERS)
def test_a_row_that_is_too_short_is_refused(name: str, tmp_path: Path) -> None:
    path = a_copy(tmp_path, name)
    with path.open("a", encoding="utf-8") as file:
        file.write("one cell only\n")

    with pytest.raises(BadFacts, match="another number of cells"):
        LOADERS[name](path)


def test_a_parameter_that_occurs_twice_is_refused(tmp_path: Path) -> None:
    path = a_copy(tmp_path, "opex_params.csv", column="param", text="lender_ltv")

    with pytest.raises(BadFacts, match="lender_ltv occurs twice"):
        opex.load_opex(path)


@pytest.mark.parametrize("name", LOADERS)
def test_rows_of_epoch_ai_are_credited(name: str) -> None:
    for line in (FACTS / name).read_text(encoding="utf-8").splitlines():
        if "epoch-research" in line or "via Epoch" in line:
            assert "Epoch AI, CC-BY" in line
