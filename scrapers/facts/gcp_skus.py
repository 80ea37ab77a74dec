"""What the descriptions of Google Cloud's price list say: which part is sold, and in which way."""

import re

from service.domain.offer import PurchaseModel

ON_DEMAND, SPOT = PurchaseModel.ON_DEMAND, PurchaseModel.SPOT
RESERVED = {"1": PurchaseModel.RESERVED_1Y, "3": PurchaseModel.RESERVED_3Y}

Way = tuple[str, PurchaseModel]
"""A part or a machine, and how it is bought."""

CHIPS = {
    "Nvidia Tesla A100 GPU": "A100",
    "Nvidia Tesla A100 80GB GPU": "A100 80GB",
    "Nvidia H100 80GB GPU": "H100 80GB",
    "Nvidia H100 80GB Plus GPU": "H100 MEGA",
    "Nvidia H100 80GB Mega GPU": "H100 MEGA",
    "Nvidia H100 Mega 80GB GPU": "H100 MEGA",
    "H200 141GB GPU": "H200 141GB",
    "Nvidia H200 141GB GPU": "H200 141GB",
    "A4 Nvidia B200 (1 gpu slice)": "B200 SLICE",
    "Nvidia L4 GPU": "L4",
    "RTX 6000 96GB": "RTX 6000 96GB",
    "RTX 6000 96GB GPU": "RTX 6000 96GB",
}
"""Description -> part. A GPU was renamed now and then."""

_LOCAL_SSD = {"SSD backed Local Storage", "Local SSD"}
_HOST = re.compile(r"(A2|A3|A3 ?Plus|A3 ?Ultra|G2|G4) (?:Instance )?(Core|Cpu|Ram)", re.IGNORECASE)
_DESCRIPTION = re.compile(
    r"(?P<mode>Spot Preemptible |Preemptible |Commitment v1: )?(?P<what>.+?)"
    r"(?: attached to (?P<to>.+?))?(?: (?:running )?in (?P<place>[^()]+?))?"
    r"(?: for (?P<years>[13]) Years?)?"
)
_PREEMPTIBLE = re.compile(r"(?:Spot )?Preemptible VMs?", re.IGNORECASE)
# The last word of a part -> the unit that its price is for, as printed, and for us.
_UNITS = {"Core": ("h", "hour"), "Ram": ("GiBy.h", "hour"), "SSD": ("GiBy.mo", "month")}
_CHIP_UNIT = ("h", "hour")


def unit_of(part: str) -> tuple[str, str]:
    """Return the unit that the price of a part is for, as printed and for us."""
    return _UNITS.get(part.rsplit(maxsplit=1)[-1], _CHIP_UNIT)


def way_of(description: str, *, usage: str) -> Way | None:
    """Say which part is sold in which way; None for what is no part of our machines."""
    said = _DESCRIPTION.fullmatch(description)
    if not said or re.search(r"\bin\b", said["place"] or ""):
        return None
    part, years = _part(said["what"]), said["years"]
    is_spot = "Preemptible" in (said["mode"] or "")
    if said["to"]:
        is_spot = bool(_PREEMPTIBLE.fullmatch(said["to"]))
        if not is_spot:
            return None
    if not part:
        return None
    if years:
        committed = (said["mode"] or "").startswith("Commitment") and not is_spot
        return (part, RESERVED[years]) if committed and usage == f"Commit{years}Yr" else None
    if is_spot:
        return (part, SPOT) if usage in {"Preemptible", "OnDemand"} else None
    return (part, ON_DEMAND) if usage == "OnDemand" and not said["mode"] else None


def _part(what: str) -> str:
    host = _HOST.fullmatch(what)
    if host:
        kind = "Ram" if host[2].lower() == "ram" else "Core"
        return f"{host[1].upper().replace(' ', '')} {kind}"
    return "Local SSD" if what in _LOCAL_SSD else CHIPS.get(what, "")
