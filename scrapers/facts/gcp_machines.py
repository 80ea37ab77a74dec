"""Google Cloud's machines with fixed GPUs, and its regions.

Shapes, bundled local SSD and the ways in which a machine is not sold are those of Google's
documentation, "Accelerator-optimized machine family" (2026). N1 machines take GPUs in many shapes
and are left out, as are fractions of a G4, which have SKUs of their own.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Family:
    """Machines that share a GPU and the parts that they are priced by.

    `part` is the GPU's and `host` the one of vCPUs and memory, as the collector calls them; without
    a `host` the price of the GPU covers all. `on_demand` is false for what is sold in other ways.
    """

    gpu: str
    part: str
    host: str = ""
    on_demand: bool = True


A100 = Family("A100 SXM 40GB", "A100", "A2")
A100_80GB = Family("A100 SXM 80GB", "A100 80GB", "A2")
H100 = Family("H100 SXM", "H100 80GB", "A3")
H100_PART = Family("H100 SXM", "H100 80GB", "A3", on_demand=False)
H100_MEGA = Family("H100 SXM", "H100 MEGA", "A3PLUS")
H200 = Family("H200 SXM", "H200 141GB", "A3ULTRA", on_demand=False)
B200 = Family("B200 SXM", "B200 SLICE", on_demand=False)
L4 = Family("L4", "L4", "G2")
RTX = Family("RTX PRO 6000", "RTX 6000 96GB", "G4")

MACHINES: Mapping[str, tuple[Family, str, int, int, int]] = {
    "a2-highgpu-1g": (A100, "1", 12, 85, 0),
    "a2-highgpu-2g": (A100, "2", 24, 170, 0),
    "a2-highgpu-4g": (A100, "4", 48, 340, 0),
    "a2-highgpu-8g": (A100, "8", 96, 680, 0),
    "a2-megagpu-16g": (A100, "16", 96, 1360, 0),
    "a2-ultragpu-1g": (A100_80GB, "1", 12, 170, 375),
    "a2-ultragpu-2g": (A100_80GB, "2", 24, 340, 750),
    "a2-ultragpu-4g": (A100_80GB, "4", 48, 680, 1500),
    "a2-ultragpu-8g": (A100_80GB, "8", 96, 1360, 3000),
    "a3-highgpu-1g": (H100_PART, "1", 26, 234, 750),
    "a3-highgpu-2g": (H100_PART, "2", 52, 468, 1500),
    "a3-highgpu-4g": (H100_PART, "4", 104, 936, 3000),
    "a3-highgpu-8g": (H100, "8", 208, 1872, 6000),
    "a3-megagpu-8g": (H100_MEGA, "8", 208, 1872, 6000),
    "a3-ultragpu-8g": (H200, "8", 224, 2952, 12000),
    "a4-highgpu-8g": (B200, "8", 224, 3968, 12000),
    "g2-standard-4": (L4, "1", 4, 16, 0),
    "g2-standard-8": (L4, "1", 8, 32, 0),
    "g2-standard-12": (L4, "1", 12, 48, 0),
    "g2-standard-16": (L4, "1", 16, 64, 0),
    "g2-standard-24": (L4, "2", 24, 96, 0),
    "g2-standard-32": (L4, "1", 32, 128, 0),
    "g2-standard-48": (L4, "4", 48, 192, 0),
    "g2-standard-96": (L4, "8", 96, 384, 0),
    "g4-standard-48": (RTX, "1", 48, 180, 0),
    "g4-standard-96": (RTX, "2", 96, 360, 0),
    "g4-standard-192": (RTX, "4", 192, 720, 0),
    "g4-standard-384": (RTX, "8", 384, 1440, 0),
}
"""Type -> family, GPUs, vCPUs, memory in GiB, bundled local SSD in GiB."""

REGIONS = {
    "africa-south1": "ZA",
    "asia-east1": "TW",
    "asia-east2": "HK",
    "asia-northeast1": "JP",
    "asia-northeast2": "JP",
    "asia-northeast3": "KR",
    "asia-south1": "IN",
    "asia-south2": "IN",
    "asia-southeast1": "SG",
    "asia-southeast2": "ID",
    "asia-southeast3": "TH",
    "australia-southeast1": "AU",
    "australia-southeast2": "AU",
    "europe-central2": "PL",
    "europe-north1": "FI",
    "europe-north2": "SE",
    "europe-southwest1": "ES",
    "europe-west1": "BE",
    "europe-west2": "GB",
    "europe-west3": "DE",
    "europe-west4": "NL",
    "europe-west6": "CH",
    "europe-west8": "IT",
    "europe-west9": "FR",
    "europe-west10": "DE",
    "europe-west12": "IT",
    "me-central1": "QA",
    "me-central2": "SA",
    "me-west1": "IL",
    "northamerica-northeast1": "CA",
    "northamerica-northeast2": "CA",
    "northamerica-south1": "MX",
    "southamerica-east1": "BR",
    "southamerica-west1": "CL",
    **dict.fromkeys(("us-central1", "us-central2", "us-east1", "us-east4", "us-east5"), "US"),
    **dict.fromkeys(("us-east7", "us-south1", "us-west1", "us-west2", "us-west3"), "US"),
    **dict.fromkeys(("us-west4", "us-west8"), "US"),
}
"""Region -> ISO 3166-1 country, as in Google's list of regions and zones."""
