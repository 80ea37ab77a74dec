import pytest

from service.domain.precision import Precision
from service.facts.accelerators import load_accelerators

_GIGA = 1e9


@pytest.mark.parametrize(
    ("gpu_model_id", "gigabytes_one_way", "joins_the_node"),
    [
        ("h100-sxm-80gb", 450, True),
        ("b200-sxm-180gb", 900, True),
        ("mi300x-192gb", 448, True),
        # Bridges join two cards; the bus joins the rest.
        ("a100-pcie-80gb", 32, False),
        ("h100-nvl-94gb", 64, False),
        ("rtx-3090-24gb", 32, False),
        ("quadro-rtx-6000-24gb", 16, False),
        # Joins a GPU to its processor.
        ("gh200-96gb", 64, False),
        ("t4-16gb", 16, False),
        ("rtx-5090-32gb", 64, False),
        # Eight lanes, as printed.
        ("a2-16gb", 16, False),
        ("v100-pcie-16gb", 16, False),
        # No figure in the table: that of its PCIe generation.
        ("rtx-3060-12gb", 32, False),
    ],
)
def test_the_way_to_other_gpus_is_one_way(
    gpu_model_id: str, gigabytes_one_way: float, *, joins_the_node: bool
) -> None:
    found = load_accelerators()[gpu_model_id]
    assert found.link_bytes_per_second == gigabytes_one_way * _GIGA
    assert found.has_node_link is joins_the_node


@pytest.mark.parametrize(
    ("gpu_model_id", "generation"),
    [
        ("rtx-5000-ada-32gb", "Ada"),
        ("rtx-2000-ada-16gb", "Ada"),
        ("rtx-5080-16gb", "Blackwell"),
        ("rtx-pro-6000-96gb", "Blackwell"),
        ("rtx-a6000-48gb", "Ampere"),
        ("quadro-rtx-8000-48gb", "Turing"),
        ("quadro-p6000-24gb", "Pascal"),
        ("v100s-pcie-32gb", "Volta"),
        ("mi300x-192gb", "CDNA3"),
        ("mi355x-288gb", "CDNA4"),
        ("tpu-v5e-16gb", "TPU"),
    ],
)
def test_generations_are_the_vendors(gpu_model_id: str, generation: str) -> None:
    assert load_accelerators()[gpu_model_id].generation == generation


def test_every_accelerator_has_a_generation_a_peak_and_a_link() -> None:
    for found in load_accelerators().values():
        assert found.generation, found.gpu_model_id
        assert found.peak_flops
        assert found.link_bytes_per_second >= 16 * _GIGA
        assert found.memory_bytes > 0


def test_units_are_operations_and_bytes_a_second_without_sparsity() -> None:
    h100 = load_accelerators()["h100-sxm-80gb"]
    assert h100.peak_flops[Precision.BF16] == 989e12
    assert h100.peak_flops[Precision.FP8] == 1979e12
    assert h100.memory_bytes_per_second == 3350e9
    assert h100.memory_bytes == 80 * 2**30
    assert h100.matmul_share == pytest.approx(794.5 / 989)
    assert load_accelerators()["b300-sxm-288gb"].memory_bytes == 288e9
