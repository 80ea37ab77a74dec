"""What one GPU-hour can cost at all, by class of GPU: rule R1 of the gate.

The bounds stand far outside of what was observed over 28 provider feeds, 1,466 offers and 61
models in 2026 (an H100 was 1.38 to 23.3 dollars an hour), so that they catch gross errors only:
a price per month, per minute, in cents, for a whole node of small GPUs.
"""

from dataclasses import dataclass
from decimal import Decimal

from service.domain.gpu import GpuModel


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceClass:
    """GPUs that cost about the same: lowest and highest US dollars per GPU-hour on demand."""

    name: str
    lowest: Decimal
    highest: Decimal
    families: tuple[str, ...]


def _class(name: str, lowest: str, highest: str, *families: str) -> PriceClass:
    return PriceClass(
        name=name, lowest=Decimal(lowest), highest=Decimal(highest), families=families
    )


# fmt: off
PRICE_CLASSES: tuple[PriceClass, ...] = (
    _class("Blackwell and MI325 on", "1.2", "40",
           "B200", "B300", "GB200", "GB300", "MI325X", "MI350X", "MI355X"),
    _class("Hopper and MI300", "0.6", "40",
           "H100", "H200", "GH200", "H800", "H20", "MI300X", "MI300A"),
    _class("A100", "0.25", "14",
           "A100", "A100X", "A800"),
    _class("48 GB and more", "0.1", "8",
           "L40S", "L40", "L20", "A40", "A16", "RTX A6000", "RTX 5880 Ada", "RTX 6000 Ada",
           "RTX PRO 5000", "RTX PRO 6000", "Quadro RTX 8000", "MI210", "MI250", "MI250X"),
    _class("16 to 32 GB datacentre", "0.04", "11",
           "V100", "V100S", "A10", "A10G", "A30", "A2", "T4", "T4G", "L4", "RTX A5000", "RTX A4500",
           "RTX A4000", "RTX 4000 Ada", "RTX 4000 SFF Ada", "RTX 4500 Ada", "RTX 5000 Ada",
           "RTX 2000 Ada", "RTX PRO 4000", "RTX PRO 4500", "Quadro RTX 6000", "Quadro RTX 5000",
           "Radeon Pro V620", "Radeon Pro V710", "Arc Pro B60"),
    _class("large consumer", "0.04", "2.5",
           "RTX 5090", "RTX 5090 D", "RTX 4090", "RTX 4090 D", "RTX 3090", "RTX 3090 Ti"),
    _class("smaller consumer", "0.01", "1",
           "GTX 1060", "GTX 1070", "GTX 1070 Ti", "GTX 1080", "GTX 1080 Ti", "GTX 1650",
           "GTX 1660", "GTX 1660 Super", "GTX 1660 Ti", "RTX 2060", "RTX 2060 Super",
           "RTX 2070", "RTX 2070 Super", "RTX 2080", "RTX 2080 Super", "RTX 2080 Ti",
           "RTX 3050", "RTX 3060", "RTX 3060 Ti", "RTX 3070", "RTX 3070 Ti", "RTX 3080",
           "RTX 3080 Ti", "RTX 4060", "RTX 4060 Ti", "RTX 4070", "RTX 4070 Super",
           "RTX 4070 Ti", "RTX 4070 Ti Super", "RTX 4080", "RTX 4080 Super", "RTX 5060",
           "RTX 5060 Ti", "RTX 5070", "RTX 5070 Ti", "RTX 5080", "RTX A2000", "RTX PRO 2000",
           "Titan RTX", "Titan V"),
    _class("old", "0.02", "8",
           "K80", "M60", "P4", "P40", "P100", "MI25", "MI100", "Quadro RTX 4000",
           "Radeon Pro V520", "Quadro M4000", "Quadro P4000", "Quadro P5000", "Quadro P6000"),
    # No GPUs, so no price was observed: bounded as a model that is not known.
    _class("other accelerators", "0.008", "45",
           "Gaudi 1", "Gaudi 2", "Gaudi 3", "TPU v2", "TPU v3", "TPU v4", "TPU v5e", "TPU v5p",
           "TPU v6e", "TPU v7 Ironwood", "Inferentia1", "Inferentia2", "Trainium1", "Trainium2",
           "Ascend 910B", "WSE-3"),
)
# fmt: on
UNKNOWN_CLASS = _class("unknown", "0.008", "45")

_CLASS_BY_FAMILY = {family: known for known in PRICE_CLASSES for family in known.families}


def price_class_of(model: GpuModel | None) -> PriceClass:
    """Return the class of a model by its family; `UNKNOWN_CLASS` where none is stated."""
    return _CLASS_BY_FAMILY.get(model.family, UNKNOWN_CLASS) if model else UNKNOWN_CLASS
