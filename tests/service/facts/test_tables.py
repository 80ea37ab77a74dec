"""The bundled tables, and what happens to a broken one."""

from decimal import Decimal
from pathlib import Path

import pytest

from service.domain.precision import Precision
from service.facts.rows import BadFacts
from service.facts.tables import load_exchange_rates, load_gpu_registry

SHARED = Path(__file__).parents[4] / "shared" / "facts" / "accelerators.csv"
GPU_COLUMNS = (
    "id,family,aliases,identifiers,vendor,name,form,year,vram_gb,other_vram_gb,device_count,"
    "mem_bw_gbs,fp32_tflops,tf32_dense,fp16_dense,bf16_dense,fp8_dense,int8_dense_tops,fp4_dense,"
    "tdp_w,link,link_gbs_per_gpu_bidir,link_scope,maf_bf16_measured,source"
)
GPU_ROW = (
    "z9-10gb,Z9,z nine|zed9,z-nine-1,Nimbus,Z9 10GB,PCIe,2024,10,9.2|11,1,500.5,,,99,99,198,,,75,"
    "PCIe4,64,host bus,79.2,x"
)
RATE_COLUMNS = "currency_code,units_per_eur,date,source"


def a_table(folder: Path, *lines: str) -> Path:
    path = folder / "table.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_the_registry_has_the_known_families() -> None:
    registry = load_gpu_registry()
    assert {"A100", "H100", "H200", "GH200", "B200", "GB200", "MI300X", "L4"} <= registry.families
    sxm = registry.find("h100-sxm-80gb")
    assert sxm is not None
    assert (sxm.display_name, sxm.vendor, sxm.family) == ("H100 SXM", "NVIDIA", "H100")
    assert (sxm.form_factor, sxm.interconnect, sxm.vram_gb) == ("SXM5", "NVLink4", 80)
    assert (sxm.announce_year, sxm.power_watts) == (2022, 700)
    assert (sxm.memory_bandwidth_gb_per_second, sxm.bf16_dense_tflops) == (
        Decimal(3350),
        Decimal(989),
    )
    assert "epoch" in sxm.source.lower()


def test_a_chip_without_bf16_has_no_figure_for_it() -> None:
    volta = load_gpu_registry().find("v100-sxm-16gb")
    assert volta is not None
    assert volta.bf16_dense_tflops is None


def test_no_format_is_slower_than_a_wider_one() -> None:
    wider = (Precision.TF32, Precision.FP16, Precision.FP8, Precision.FP4)
    for model in load_gpu_registry().models:
        known = dict(model.dense_peaks)
        peaks = [known[precision] for precision in wider if precision in known]
        assert peaks == sorted(peaks), model.gpu_model_id
        if Precision.BF16 in known and Precision.FP16 in known:
            assert known[Precision.FP16] in {known[Precision.BF16], 2 * known[Precision.BF16]}


def test_a_link_is_one_way_and_joins_the_whole_node() -> None:
    registry = load_gpu_registry()
    links = {
        name: found.link_gb_per_second
        for name in ("h100-sxm-80gb", "l4-24gb", "a100-pcie-80gb", "gh200-96gb")
        if (found := registry.find(name))
    }
    assert links == {
        "h100-sxm-80gb": Decimal(450),
        "l4-24gb": Decimal(32),
        "a100-pcie-80gb": None,  # a bridge of two cards
        "gh200-96gb": None,  # between CPU and GPU
    }


@pytest.mark.skipif(not SHARED.exists(), reason="the shared facts are not beside the project")
def test_no_row_of_the_shared_facts_was_lost_or_changed() -> None:
    registry = load_gpu_registry()
    for line in SHARED.read_text(encoding="utf-8").splitlines()[1:]:
        model_id, family = line.split(",")[:2]
        model = registry.find(model_id)
        assert model is not None
        assert model.family == family


def test_every_rate_is_dated_and_sourced() -> None:
    rates = load_exchange_rates()
    assert rates["EUR"].rate == Decimal("1.1172")
    assert rates["GBP"].rate == Decimal("1.3398896618")
    assert "USD" not in rates
    for code, rate in rates.items():
        assert rate.currency_code == code
        assert (rate.date, rate.source[:3]) == ("2026-10-30", "ECB")


def test_a_row_of_the_gpu_table_is_read(tmp_path: Path) -> None:
    (model,) = load_gpu_registry(a_table(tmp_path, GPU_COLUMNS, GPU_ROW)).models
    assert model.aliases == ("z nine", "zed9")
    assert model.identifiers == ("z-nine-1",)
    assert model.other_vram_gb == (Decimal("9.2"), Decimal(11))
    assert model.memory_bandwidth_gb_per_second == Decimal("500.5")
    assert model.dense_peaks == (
        (Precision.BF16, Decimal(99)),
        (Precision.FP16, Decimal(99)),
        (Precision.FP8, Decimal(198)),
    )
    assert model.link_gb_per_second == Decimal(32)
    assert model.measured_matmul_share == Decimal("0.8")


@pytest.mark.parametrize(
    ("old", "new", "column"),
    [
        ("z9-10gb", "", "id"),
        ("z9-10gb", "Z9 10GB", "id"),
        (",Z9,", ",,", "family"),
        ("2024,10", "2024,0", "vram_gb"),
        ("2024,10", "2024,10.5", "vram_gb"),
        ("2024,10", "MMXXIV,10", "year"),
        ("500.5", "-1", "mem_bw_gbs"),
        ("500.5", "fast", "mem_bw_gbs"),
        ("z nine|", "|", "aliases"),
        ("79.2,x", "79.2,", "source"),
        ("99,198", "99,fast", "fp8_dense"),
        ("PCIe4,64", "PCIe4,0", "link_gbs_per_gpu_bidir"),
        ("host bus,", ",", "link_scope"),
        ("99,99,198", "99,,198", "bf16_dense"),
    ],
)
def test_a_broken_row_is_named_by_file_line_and_column(
    tmp_path: Path, old: str, new: str, column: str
) -> None:
    broken = GPU_ROW.replace(old, new, 1)
    with pytest.raises(BadFacts, match=rf"table\.csv line 3: {column} "):
        load_gpu_registry(a_table(tmp_path, GPU_COLUMNS, GPU_ROW, broken))


@pytest.mark.parametrize("line", [GPU_ROW + ",more", GPU_ROW.rsplit(",", 1)[0]])
def test_a_row_of_another_length_is_refused(tmp_path: Path, line: str) -> None:
    with pytest.raises(BadFacts, match="another number of cells"):
        load_gpu_registry(a_table(tmp_path, GPU_COLUMNS, line))


def test_an_id_that_occurs_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFacts, match="one id"):
        load_gpu_registry(a_table(tmp_path, GPU_COLUMNS, GPU_ROW, GPU_ROW))


def test_a_rate_is_the_quotient_of_two_published_figures(tmp_path: Path) -> None:
    rates = load_exchange_rates(
        a_table(tmp_path, RATE_COLUMNS, "USD,1.2,2026-10-01,ECB", "JPY,160,2026-10-01,ECB")
    )
    assert rates["JPY"].rate == Decimal("0.0075")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("EUR,1,2026-10-02,ECB", "date differs"),
        ("EUR,1,1 October,ECB", "date is"),
        ("EUR,1,20261001,ECB", "date is"),
        ("EUR,0,2026-10-01,ECB", "units_per_eur is"),
        ("EUR,,2026-10-01,ECB", "units_per_eur is empty"),
        ("Euro,1,2026-10-01,ECB", "currency_code is"),
        ("EUR,1,2026-10-01,", "source is empty"),
    ],
)
def test_a_broken_rate_is_named_by_its_line(tmp_path: Path, row: str, message: str) -> None:
    with pytest.raises(BadFacts, match=f"line 3: {message}"):
        load_exchange_rates(a_table(tmp_path, RATE_COLUMNS, "USD,1.2,2026-10-01,ECB", row))


def test_rates_without_the_dollar_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFacts, match="no row for USD"):
        load_exchange_rates(a_table(tmp_path, RATE_COLUMNS, "EUR,1,2026-10-01,ECB"))
