"""What a server draws: its own ratings first, else derived from those of others."""

import pytest

from service.domain.gpu import GpuModel
from service.facts.server_power import ServerPower, load_power_ratings, server_power_kw
from service.facts.tables import load_gpu_registry

REGISTRY = load_gpu_registry()


def power_of(gpu_model_id: str, *, gpus_per_server: int = 8) -> ServerPower | None:
    gpu = REGISTRY.find(gpu_model_id)
    assert isinstance(gpu, GpuModel)
    return server_power_kw(
        load_power_ratings(), gpu, gpus_per_server=gpus_per_server, registry=REGISTRY
    )


def test_a_dgx_h100_is_rated_at_10_2_kw_and_draws_6_to_8_5() -> None:
    power = power_of("h100-sxm-80gb")

    assert power is not None
    # 6.2 kW is one page's sum of GPUs and host.
    assert (power.max_kw.low, power.max_kw.base, power.max_kw.high) == (6.2, 10.2, 10.2)
    typical = power.typical_kw
    assert (typical.low, typical.base, typical.high) == (6, 7.25, 8.5)
    assert "servnetuk.com" in power.max_kw.source


def test_b200_servers_are_rated_at_up_to_14_3_kw() -> None:
    power = power_of("b200-sxm-180gb")

    assert power is not None
    assert (power.max_kw.low, power.max_kw.base) == (10, 14.3)
    assert power.typical_kw.base == pytest.approx(14.3 * 7.5 / 10.2)
    assert (
        power.typical_kw.source == "derived: 64% to 83% of the rating, as DGX H100 (8x H100 SXM5)"
    )


def test_a_rack_is_rated_as_a_whole() -> None:
    power = power_of("gb200-nvl72-186gb", gpus_per_server=72)

    assert power is not None
    assert power.max_kw.base == 120


def test_a_server_without_a_row_is_derived_from_its_gpus() -> None:
    power = power_of("l40s-48gb")

    assert power is not None
    # 8 x 350 W, times 1.39 (GB200) to 2.03 (DGX A100).
    assert power.max_kw.low == pytest.approx(2.8 * 6.667 / 4.8)
    assert power.max_kw.high == pytest.approx(2.8 * 6.5 / 3.2)
    assert power.max_kw.source.startswith("derived: rated power of the GPUs times 1.39 to 2.03")
    width = power.max_kw.high / power.max_kw.low
    assert width > 1.4


def test_another_count_than_that_of_the_row_is_derived_too() -> None:
    power = power_of("h100-sxm-80gb", gpus_per_server=4)

    assert power is not None
    assert power.max_kw.source.startswith("derived")
    assert 2.8 < power.max_kw.low < power.max_kw.base < 6


def test_a_gpu_without_rated_power_has_none() -> None:
    assert power_of("trainium1-32gb") is None


def test_without_ratings_nothing_is_derived() -> None:
    gpu = REGISTRY.find("l40s-48gb")
    assert gpu is not None
    assert server_power_kw([], gpu, gpus_per_server=8, registry=REGISTRY) is None


def test_a_server_without_gpus_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one GPU"):
        power_of("h100-sxm-80gb", gpus_per_server=0)


def test_every_gpu_with_rated_power_has_a_server() -> None:
    for gpu in REGISTRY.models:
        power = power_of(gpu.gpu_model_id)
        assert (power is None) == (gpu.power_watts is None)
        if power is not None:
            assert power.typical_kw.base < power.max_kw.base


def test_every_named_model_is_known() -> None:
    names = {name for one in load_power_ratings() for name in one.gpu_model_ids}

    assert not [name for name in names if REGISTRY.find(name) is None]
    assert len(load_power_ratings()) == 26
