"""The trap list of GPU names, and that no two models are ever confused."""

import contextlib
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.gpu import (
    AmbiguousGpu,
    FractionalGpu,
    GpuModel,
    GpuNotIdentified,
    GpuRegistry,
    UnknownGpu,
)
from service.facts.tables import load_gpu_registry

REGISTRY = load_gpu_registry()

# text as printed, memory of one GPU as printed beside it ("" for none), the model
NAMED = [
    # A100 40/80, PCIe/SXM
    ("A100 SXM 40GB", "", "a100-sxm-40gb"),
    ("NVIDIA A100-SXM4-40GB", "", "a100-sxm-40gb"),
    ("NVIDIA A100-SXM4-80GB", "", "a100-sxm-80gb"),
    ("NVIDIA A100 80GB PCIe", "", "a100-pcie-80gb"),
    ("A100-80GB-SXM", "", "a100-sxm-80gb"),
    ("A100-80G-PCIe", "", "a100-pcie-80gb"),
    ("gpu_8x_a100_80gb_sxm4", "", "a100-sxm-80gb"),
    ("NVIDIA A100 SXM", "80", "a100-sxm-80gb"),
    ("NVIDIA A100 SXM", "40", "a100-sxm-40gb"),
    ("NVIDIA A100 PCIe", "40", "a100-pcie-40gb"),
    ("A100 SXM4", "39", "a100-sxm-40gb"),
    ("HGX A100", "80", "a100-sxm-80gb"),
    ("nvidia-tesla-a100", "", "a100-sxm-40gb"),
    ("nvidia-a100-80gb", "", "a100-sxm-80gb"),
    ("Compute - GPU - A100 - v2", "", "a100-sxm-80gb"),
    ("A800 SXM 80G", "", "a800-sxm-80gb"),
    ("A800 PCIE", "79.6", "a800-pcie-80gb"),
    ("A100X", "79.6", "a100x-80gb"),
    ("GH200 SXM", "95.6", "gh200-96gb"),
    ("GH200_624GB", "", "gh200-144gb"),
    ("Tesla V100-FHHL-16GB", "", "v100-pcie-16gb"),
    ("RTX 4090D", "24", "rtx-4090-d-24gb"),
    ("RTX 2070S", "8", "rtx-2070-super-8gb"),
    ("GTX 1660 S", "6", "gtx-1660-super-6gb"),
    ("RTX PRO 6000 Blackwell SE", "", "rtx-pro-6000-96gb"),
    # A4000 v A40, A10 v A10G v A100, A2
    ("A4000", "", "rtx-a4000-16gb"),
    ("NVIDIA RTX A4000", "16", "rtx-a4000-16gb"),
    ("A40", "", "a40-48gb"),
    ("A10", "", "a10-24gb"),
    ("Compute  - GPU - A10", "", "a10-24gb"),
    ("A10G", "", "a10g-24gb"),
    ("A2", "", "a2-16gb"),
    # H100
    ("h100-sxm5-80gb", "", "h100-sxm-80gb"),
    ("NVIDIA H100 80GB HBM3", "", "h100-sxm-80gb"),
    ("NVIDIA H100 PCIe", "", "h100-pcie-80gb"),
    ("H100 PCI-E", "80", "h100-pcie-80gb"),
    ("NVIDIA H100 NVL", "", "h100-nvl-94gb"),
    ("H100 NVL", "93.58", "h100-nvl-94gb"),
    ("H100", "94", "h100-nvl-94gb"),
    ("H100 PCIe 94GB", "", "h100-nvl-94gb"),
    ("H100 NVL PCIe", "", "h100-nvl-94gb"),
    ("NVIDIA HGX H100", "80", "h100-sxm-80gb"),
    ("H100 (80 GB SXM5)", "", "h100-sxm-80gb"),
    ("8x H100 SXM5 80GB", "", "h100-sxm-80gb"),
    ("8xH100-SXM", "", "h100-sxm-80gb"),
    ("nvidia-h100-mega-80gb", "", "h100-sxm-80gb"),
    # H200, H200 NVL, GH200
    ("NVIDIA H200", "141", "h200-sxm-141gb"),
    ("H200", "140.4", "h200-sxm-141gb"),
    ("H200 SXM", "", "h200-sxm-141gb"),
    ("NVIDIA H200 NVL", "141", "h200-nvl-141gb"),
    ("H200 141GB PCIe", "", "h200-nvl-141gb"),
    ("NVIDIA GH200", "96", "gh200-96gb"),
    ("GH200 144GB", "", "gh200-144gb"),
    ("NVIDIA GH200 480GB", "", "gh200-96gb"),
    # Blackwell
    ("B200", "", "b200-sxm-180gb"),
    ("NVIDIA B200", "192", "b200-sxm-180gb"),
    ("NVIDIA B200 SXM6", "180", "b200-sxm-180gb"),
    ("NVIDIA B300 SXM6 AC", "288", "b300-sxm-288gb"),
    ("B300", "262.5", "b300-sxm-288gb"),
    ("NVIDIA HGX B300", "270", "b300-sxm-288gb"),
    ("NVIDIA GB200 NVL72", "186", "gb200-nvl72-186gb"),
    ("GB200-NVL-186GB", "", "gb200-nvl72-186gb"),
    ("GB200 NVL72 x72", "", "gb200-nvl72-186gb"),
    ("1x GB300 SXM6 288GB", "", "gb300-nvl72-288gb"),
    ("NVIDIA GB300 NVL72", "279", "gb300-nvl72-288gb"),
    # RTX 6000: three generations and PRO 6000
    ("NVIDIA Quadro RTX 6000", "24", "quadro-rtx-6000-24gb"),
    ("Q RTX 6000", "", "quadro-rtx-6000-24gb"),
    ("Q RTX 8000", "", "quadro-rtx-8000-48gb"),
    ("NVIDIA A6000", "48", "rtx-a6000-48gb"),
    ("RTX A6000", "", "rtx-a6000-48gb"),
    ("RTX 6000Ada", "", "rtx-6000-ada-48gb"),
    ("NVIDIA RTX 6000 Ada Generation", "", "rtx-6000-ada-48gb"),
    ("RTX 6000", "24", "quadro-rtx-6000-24gb"),
    ("RTX 6000", "48", "rtx-6000-ada-48gb"),
    ("RTX 6000", "96", "rtx-pro-6000-96gb"),
    ("NVIDIA RTX PRO 6000 Blackwell Server Edition", "96", "rtx-pro-6000-96gb"),
    ("NVIDIA RTX PRO 6000 Blackwell Workstation Edition", "", "rtx-pro-6000-96gb"),
    ("NVIDIA RTX Pro 6000 SE", "", "rtx-pro-6000-96gb"),
    ("RTX-PRO6000", "", "rtx-pro-6000-96gb"),
    ("rtxpro6000ws", "", "rtx-pro-6000-96gb"),
    ("gpu-rtx6000", "", "rtx-pro-6000-96gb"),
    (
        "NVIDIA RTX PRO 6000 Blackwell Max-Q Workstation Edition",
        "",
        "rtx-pro-6000-max-q-96gb",
    ),
    ("pro6000mq", "", "rtx-pro-6000-max-q-96gb"),
    # Ti and Super kept
    ("4060_Ti", "16", "rtx-4060-ti-16gb"),
    ("RTX 4060 Ti", "8", "rtx-4060-ti-8gb"),
    ("RTX 4060", "", "rtx-4060-8gb"),
    ("4070S_Ti", "", "rtx-4070-ti-super-16gb"),
    ("RTX 4070 Ti SUPER", "", "rtx-4070-ti-super-16gb"),
    ("RTX 4070 Ti", "", "rtx-4070-ti-12gb"),
    ("RTX 4070", "", "rtx-4070-12gb"),
    ("NVIDIA GeForce RTX 3080 Ti", "12", "rtx-3080-ti-12gb"),
    ("rtx4090", "24", "rtx-4090-24gb"),
    ("2x4090", "", "rtx-4090-24gb"),
    # memory as it is measured
    ("L4", "22.35", "l4-24gb"),
    ("L40S", "44.99", "l40s-48gb"),
    ("L40", "48", "l40-48gb"),
    ("A100 SXM", "85.9", "a100-sxm-80gb"),
    # others
    ("AMD Instinct MI300X OAM", "192", "mi300x-192gb"),
    ("AMD MI325X", "288", "mi325x-256gb"),
    ("MI355X_288GB", "", "mi355x-288gb"),
    ("OCI- Compute - GPU - MI355X", "", "mi355x-288gb"),
    ("Tesla V100-SXM2-16GB", "", "v100-sxm-16gb"),
    ("P100", "16", "p100-pcie-16gb"),
    ("NVIDIA A16", "", "a16-64gb"),
    ("MI250X", "128", "mi250x-128gb"),
    ("NVIDIA® T4™", "", "t4-16gb"),
    ("\uff2c\uff14\uff10\uff33", "", "l40s-48gb"),  # full-width letters
    ("L4\u200b0S", "", "l40s-48gb"),  # a zero-width space inside
    ("Gaudi2", "", "gaudi-2-96gb"),
    ("Gaudi 3 x8", "", "gaudi-3-128gb"),
    ("8x 4090", "", "rtx-4090-24gb"),
    ("h100sxm5x8", "", "h100-sxm-80gb"),
    ("gpu.h100.sxm.80gb", "", "h100-sxm-80gb"),
]

REFUSED = [
    ("A100", "", AmbiguousGpu),
    ("NVIDIA_A100", "80", AmbiguousGpu),
    ("a100-80g", "", AmbiguousGpu),
    ("A100_80GB", "", AmbiguousGpu),
    ("H100", "80", AmbiguousGpu),
    ("H100_NVLINK_80GB", "", AmbiguousGpu),  # bridges join PCIe cards too
    ("NVIDIA Tesla V100", "16", AmbiguousGpu),
    ("GH200", "", AmbiguousGpu),
    ("RTX 6000", "", AmbiguousGpu),
    ("4060_Ti", "", AmbiguousGpu),
    ("RTX PRO 5000", "", AmbiguousGpu),
    ("H100 and A100", "", AmbiguousGpu),
    ("H100 A100", "80", AmbiguousGpu),
    ("72 x B200", "", AmbiguousGpu),  # AWS's name for a GB200 rack
    ("", "", UnknownGpu),
    ("unknown", "", UnknownGpu),
    ("NVIDIA", "80", UnknownGpu),
    ("A1000", "", UnknownGpu),
    ("A100Z", "", UnknownGpu),
    ("A100G", "", UnknownGpu),
    ("10080gb", "", UnknownGpu),
    ("A10080GB", "", UnknownGpu),
    ("A10GPU", "", UnknownGpu),
    ("MI250X4", "", UnknownGpu),
    ("Gaudi", "", UnknownGpu),
    ("OCI - Compute - GPU - H100T", "", UnknownGpu),
    ("Compute - GPU Standard - V2", "", UnknownGpu),
    ("Compute - GPU - E3", "", UnknownGpu),
    ("OCI - Compute - GPU - E4", "", UnknownGpu),
    ("Compute - Bare Metal GPU Standard - X7", "", UnknownGpu),
    ("rtx5090m", "24", UnknownGpu),
    ("RTX 4090 Laptop GPU", "", UnknownGpu),
    ("RTX 4090 E", "", UnknownGpu),
    ("RTX 4090D", "47.8", UnknownGpu),
    ("RTX PRO 6000D", "", UnknownGpu),
    ("RTX 4090 Ti", "", UnknownGpu),
    ("RTX A6000 Ada", "", UnknownGpu),
    ("RTX 4090 (48 GB mod)", "", UnknownGpu),
    ("RTX 4090", "48", UnknownGpu),
    ("L40", "40", UnknownGpu),
    ("B300 PC", "", UnknownGpu),
    ("B200 NVL", "", UnknownGpu),
    ("A100 SXM 40GB", "80", UnknownGpu),
    ("A100 80GB SXM 40GB", "", UnknownGpu),
    ("H100 SXM PCIe", "", UnknownGpu),
    ("8x A100 SXM 640GB", "", UnknownGpu),
    ("gpu-h100x8-640gb", "", UnknownGpu),
    ("A100 SXM", "0", UnknownGpu),
    ("\u0410100 80GB SXM", "", UnknownGpu),  # a Cyrillic A
    ("H100 SXM \u0660", "", UnknownGpu),  # an Arabic zero
    ("x" * 400, "", UnknownGpu),
    ("1gx" * 13 + "z", "", UnknownGpu),
    ("NVIDIA RTX PRO 6000 Blackwell Server Edition MIG 1g.24gb", "24", FractionalGpu),
    ("PRO 6000 MIG 24GB", "", FractionalGpu),
    ("h100-mig-1g-10gb", "", FractionalGpu),
    ("1g.24gb", "", FractionalGpu),
    ("A10 1/6", "", FractionalGpu),
    ("\u2159 A10", "", FractionalGpu),
    ("half A100 80GB SXM", "", FractionalGpu),
    ("B200 (1 gpu slice)", "", FractionalGpu),
    ("NVIDIA A16", "16", FractionalGpu),
    ("MI250X 64GB", "", FractionalGpu),
]


def vram(text: str) -> Decimal | None:
    return Decimal(text) if text else None


@pytest.mark.parametrize(("text", "vram_gb", "model_id"), NAMED)
def test_a_text_names_its_model(text: str, vram_gb: str, model_id: str) -> None:
    assert REGISTRY.identify(text, vram_gb=vram(vram_gb)).gpu_model_id == model_id


@pytest.mark.parametrize(("text", "vram_gb", "error"), REFUSED)
def test_a_doubtful_text_is_refused(text: str, vram_gb: str, error: type[GpuNotIdentified]) -> None:
    with pytest.raises(GpuNotIdentified) as caught:
        REGISTRY.identify(text, vram_gb=vram(vram_gb))
    assert type(caught.value) is error


@pytest.mark.parametrize("model", REGISTRY.models, ids=lambda model: model.gpu_model_id)
def test_every_id_and_display_name_names_its_own_model(model: GpuModel) -> None:
    assert REGISTRY.identify(model.gpu_model_id) is model
    assert REGISTRY.identify(model.display_name, vram_gb=Decimal(model.vram_gb)) is model
    for identifier in model.identifiers:
        assert REGISTRY.identify(identifier) is model


@pytest.mark.parametrize("model", REGISTRY.models, ids=lambda model: model.gpu_model_id)
def test_every_alias_with_the_memory_names_its_own_model(model: GpuModel) -> None:
    for alias in model.aliases:
        assert REGISTRY.identify(alias, vram_gb=Decimal(model.vram_gb)) is model


models = st.sampled_from(REGISTRY.models)
names = models.flatmap(
    lambda model: st.tuples(
        st.just(model), st.sampled_from([model.family, model.display_name, *model.aliases])
    )
)
noise = st.sampled_from(["", "NVIDIA ", "8x ", "gpu_", "  "])
ends = st.sampled_from(["", " GPU", "_2x", " hbm3", " (x4)"])


@given(names, noise, ends)
def test_a_name_gives_a_model_that_bears_it_or_none(
    name: tuple[GpuModel, str], start: str, end: str
) -> None:
    model, text = name
    try:
        found = REGISTRY.identify(start + text + end)
    except GpuNotIdentified:
        return
    same_name = text.lower() in {alias.lower() for alias in (found.family, *found.aliases)}
    assert found is model or same_name


@pytest.mark.no_cover  # Many cases of what other tests cover.
@given(names, names)
def test_two_names_in_one_text_never_give_a_third_model(
    first: tuple[GpuModel, str], second: tuple[GpuModel, str]
) -> None:
    try:
        found = REGISTRY.identify(f"{first[1]} {second[1]}")
    except GpuNotIdentified:
        return
    assert found.family in {first[0].family, second[0].family} or "RTX" in found.family


ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"


def compact(text: str) -> str:
    return "".join(c for c in text.lower() if c in ALPHABET)


def names_of(model: GpuModel) -> set[str]:
    return {compact(name) for name in (model.family, model.display_name, *model.aliases)}


@given(names, st.text(alphabet=ALPHABET, min_size=1, max_size=3))
def test_what_is_glued_to_a_name_gives_another_family_only_if_it_spells_its_name(
    name: tuple[GpuModel, str], glued: str
) -> None:
    model, text = name
    try:
        found = REGISTRY.identify(text + glued)
    except GpuNotIdentified:
        return
    assert found.family == model.family or compact(text + glued) in names_of(found)


@pytest.mark.no_cover  # Many cases of what other tests cover.
def test_no_single_letter_or_digit_turns_a_name_into_another_family() -> None:
    for model in REGISTRY.models:
        for text in (model.family, *model.aliases):
            for end in ALPHABET:
                with contextlib.suppress(GpuNotIdentified):
                    found = REGISTRY.identify(text + end)
                    assert found.family == model.family or compact(text + end) in names_of(found)


@given(st.text(max_size=60))
def test_any_text_gives_a_model_or_a_refusal(text: str) -> None:
    found: GpuModel | None = None
    with contextlib.suppress(GpuNotIdentified):
        found = REGISTRY.identify(text)
    assert found is None or found in REGISTRY.models


def a_model(model_id: str, **fields: object) -> GpuModel:
    values: dict[str, object] = {
        "gpu_model_id": model_id,
        "display_name": model_id,
        "vendor": "Nimbus",
        "family": model_id.upper(),
        "form_factor": "PCIe",
        "announce_year": 2024,
        "vram_gb": 10,
        "interconnect": "PCIe4",
    }
    return GpuModel(**(values | fields))  # type: ignore[arg-type]


def test_models_are_sorted_and_found_by_id() -> None:
    registry = GpuRegistry([a_model("z9"), a_model("b1")])
    assert [model.gpu_model_id for model in registry.models] == ["b1", "z9"]
    assert registry.families == {"B1", "Z9"}
    assert registry.find("z9") is registry.models[1]
    assert registry.find("z") is None


def test_two_models_of_one_id_are_refused() -> None:
    with pytest.raises(ValueError, match="one id"):
        GpuRegistry([a_model("z9"), a_model("z9")])


def test_an_empty_registry_knows_nothing() -> None:
    with pytest.raises(UnknownGpu):
        GpuRegistry([]).identify("z9")


def test_a_family_has_no_default_unless_its_table_says_so() -> None:
    pair = [a_model("z9-a", family="Z9"), a_model("z9-b", family="Z9")]
    with pytest.raises(AmbiguousGpu, match="z9-a, z9-b"):
        GpuRegistry(pair).identify("Z9")
    default = a_model("z9-c", family="Z9", aliases=("z9",))
    assert GpuRegistry([*pair, default]).identify("Z9") is default


def test_the_nearest_ids_are_offered_for_an_unknown_one() -> None:
    assert REGISTRY.nearest("h100 sxm")[0] == "h100-sxm-80gb"
    assert len(REGISTRY.nearest("h100")) <= 3
    assert REGISTRY.nearest("!") == ()
