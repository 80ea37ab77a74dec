"""Amazon's accelerated instances and regions, which its lists name but do not describe."""

import re
from collections.abc import Mapping

# Location name -> (region id, ISO country), as on AWS's list of regions and price locations.
LOCATIONS = {
    "US East (N. Virginia)": ("us-east-1", "US"),
    "US East (Ohio)": ("us-east-2", "US"),
    "US West (N. California)": ("us-west-1", "US"),
    "US West (Oregon)": ("us-west-2", "US"),
    "Africa (Cape Town)": ("af-south-1", "ZA"),
    "Asia Pacific (Hong Kong)": ("ap-east-1", "HK"),
    "Asia Pacific (Taipei)": ("ap-east-2", "TW"),
    "Asia Pacific (Tokyo)": ("ap-northeast-1", "JP"),
    "Asia Pacific (Seoul)": ("ap-northeast-2", "KR"),
    "Asia Pacific (Osaka)": ("ap-northeast-3", "JP"),
    "Asia Pacific (Mumbai)": ("ap-south-1", "IN"),
    "Asia Pacific (Hyderabad)": ("ap-south-2", "IN"),
    "Asia Pacific (Singapore)": ("ap-southeast-1", "SG"),
    "Asia Pacific (Sydney)": ("ap-southeast-2", "AU"),
    "Asia Pacific (Jakarta)": ("ap-southeast-3", "ID"),
    "Asia Pacific (Melbourne)": ("ap-southeast-4", "AU"),
    "Asia Pacific (Malaysia)": ("ap-southeast-5", "MY"),
    "Asia Pacific (New Zealand)": ("ap-southeast-6", "NZ"),
    "Asia Pacific (Thailand)": ("ap-southeast-7", "TH"),
    "Canada (Central)": ("ca-central-1", "CA"),
    "Canada West (Calgary)": ("ca-west-1", "CA"),
    "EU (Frankfurt)": ("eu-central-1", "DE"),
    "Europe (Zurich)": ("eu-central-2", "CH"),
    "EU (Stockholm)": ("eu-north-1", "SE"),
    "EU (Ireland)": ("eu-west-1", "IE"),
    "EU (London)": ("eu-west-2", "GB"),
    "EU (Paris)": ("eu-west-3", "FR"),
    "EU (Milan)": ("eu-south-1", "IT"),
    "Europe (Spain)": ("eu-south-2", "ES"),
    "Israel (Tel Aviv)": ("il-central-1", "IL"),
    "Mexico (Central)": ("mx-central-1", "MX"),
    "Middle East (UAE)": ("me-central-1", "AE"),
    "Middle East (Bahrain)": ("me-south-1", "BH"),
    "South America (Sao Paulo)": ("sa-east-1", "BR"),
}

# AWS writes "EU (Ireland)" on its price pages and "Europe (Ireland)" elsewhere.
ALIASES = {
    name.replace("EU (", "Europe ("): place
    for name, place in LOCATIONS.items()
    if name.startswith("EU (")
}

# Family -> (GPU, size -> count), as on AWS's instance type pages. A fraction is a share of one;
# AWS counts the two devices of a K80 or M60 board apart, here one GPU is the board.
FAMILIES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "p2": ("K80", {"xlarge": "1/2", "8xlarge": "4", "16xlarge": "8"}),
    "p3": ("V100 SXM 16GB", {"2xlarge": "1", "8xlarge": "4", "16xlarge": "8"}),
    "p3dn": ("V100 SXM 32GB", {"24xlarge": "8"}),
    "p4d": ("A100 SXM 40GB", {"24xlarge": "8"}),
    "p4de": ("A100 SXM 80GB", {"24xlarge": "8"}),
    "p5": ("H100 SXM", {"4xlarge": "1", "48xlarge": "8"}),
    "p5e": ("H200 SXM", {"48xlarge": "8"}),
    "p5en": ("H200 SXM", {"48xlarge": "8"}),
    "p6-b200": ("B200 SXM", {"48xlarge": "8"}),
    "p6-b300": ("B300 SXM", {"48xlarge": "8"}),
    "g3s": ("M60", {"xlarge": "1/2"}),
    "g3": ("M60", {"4xlarge": "1/2", "8xlarge": "1", "16xlarge": "2"}),
    "g4dn": (
        "T4",
        dict.fromkeys(("xlarge", "2xlarge", "4xlarge", "8xlarge", "16xlarge"), "1")
        | {"12xlarge": "4", "metal": "8"},
    ),
    "g4ad": (
        "Radeon Pro V520",
        {"xlarge": "1", "2xlarge": "1", "4xlarge": "1", "8xlarge": "2", "16xlarge": "4"},
    ),
    "g5": (
        "A10G",
        dict.fromkeys(("xlarge", "2xlarge", "4xlarge", "8xlarge", "16xlarge"), "1")
        | {"12xlarge": "4", "24xlarge": "4", "48xlarge": "8"},
    ),
    "g5g": (
        "T4G",
        dict.fromkeys(("xlarge", "2xlarge", "4xlarge", "8xlarge"), "1")
        | {"16xlarge": "2", "metal": "2"},
    ),
    "g6": (
        "L4",
        dict.fromkeys(("xlarge", "2xlarge", "4xlarge", "8xlarge", "16xlarge"), "1")
        | {"12xlarge": "4", "24xlarge": "4", "48xlarge": "8"},
    ),
    "gr6": ("L4", {"4xlarge": "1", "8xlarge": "1"}),
    "g6f": ("L4", {"large": "1/8", "xlarge": "1/8", "2xlarge": "1/4", "4xlarge": "1/2"}),
    "gr6f": ("L4", {"4xlarge": "1/2"}),
    "g6e": (
        "L40S",
        dict.fromkeys(("xlarge", "2xlarge", "4xlarge", "8xlarge", "16xlarge"), "1")
        | {"12xlarge": "4", "24xlarge": "4", "48xlarge": "8"},
    ),
    "g7e": (
        "RTX PRO 6000",
        {"2xlarge": "1", "4xlarge": "1", "8xlarge": "1"}
        | {"12xlarge": "2", "24xlarge": "4", "48xlarge": "8"},
    ),
    "trn1": ("Trainium1", {"2xlarge": "1", "32xlarge": "16"}),
    "trn1n": ("Trainium1", {"32xlarge": "16"}),
    "trn2": ("Trainium2", {"3xlarge": "1", "48xlarge": "16"}),
    "trn2u": ("Trainium2", {"48xlarge": "16"}),
    "inf1": ("Inferentia1", {"xlarge": "1", "2xlarge": "1", "6xlarge": "4", "24xlarge": "16"}),
    "inf2": ("Inferentia2", {"xlarge": "1", "8xlarge": "1", "24xlarge": "6", "48xlarge": "12"}),
    "dl1": ("Gaudi 1", {"24xlarge": "8"}),
}
ACCELERATED = re.compile(r"(?:u-)?(?:p|g|gr|trn|inf|dl)\d")

REGIONS: Mapping[str, str] = dict(LOCATIONS.values())
"""Region -> ISO 3166-1 country."""


def accelerators_of(instance_type: str) -> tuple[str, str] | None:
    """Return the GPU of an instance type and how many it has; None when we do not know it."""
    family, _, size = instance_type.partition(".")
    gpu, counts = FAMILIES.get(family, ("", {}))
    return (gpu, counts[size]) if size in counts else None


def region_of(location: str) -> str:
    """Return the region of a location as price lists name it, "" for an unknown one."""
    region, _ = LOCATIONS.get(location) or ALIASES.get(location, ("", ""))
    return region


def cpu_arch_of(instance_type: str) -> str:
    """Return the architecture of the processors."""
    return "arm64" if instance_type.startswith("g5g.") else "x86_64"
