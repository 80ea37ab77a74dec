"""Azure's accelerated sizes and its regions, which the price list names but does not describe."""

NCV6 = {"36": "1/4", "72": "1/2", "144": "1", "288": "2"}
# (size in lower case with {} for its first number, GPU, number -> count). A fraction is a share of
# one; one K80 or M60 is the board, whose two devices Azure counts apart.
SERIES: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("standard_nc{}", "K80", {"6": "1/2", "12": "1", "24": "2"}),
    ("standard_nc{}r", "K80", {"24": "2"}),
    ("standard_nc{}s_v2", "P100 PCIe 16GB", {"6": "1", "12": "2", "24": "4"}),
    ("standard_nc{}rs_v2", "P100 PCIe 16GB", {"24": "4"}),
    ("standard_nc{}s_v3", "V100 PCIe 16GB", {"6": "1", "12": "2", "24": "4"}),
    ("standard_nc{}rs_v3", "V100 PCIe 16GB", {"24": "4"}),
    ("standard_nc{}as_t4_v3", "T4", {"4": "1", "8": "1", "16": "1", "64": "4"}),
    ("standard_nc{}ads_a10_v4", "A10", {"8": "1/2", "16": "1", "32": "2"}),
    ("standard_nc{}ads_a100_v4", "A100 PCIe 80GB", {"24": "1", "48": "2", "96": "4"}),
    ("standard_nc{}ads_h100_v5", "H100 NVL", {"40": "1"}),
    ("standard_nc{}adis_h100_v5", "H100 NVL", {"80": "2"}),
    ("standard_ncc{}ads_h100_v5", "H100 NVL", {"40": "1"}),
    ("standard_nc{}ds_xl_rtxpro6000bse_v6", "RTX PRO 6000", NCV6),
    ("standard_nc{}lds_xl_rtxpro6000bse_v6", "RTX PRO 6000", NCV6 | {"24": "1/4"}),
    ("standard_nd{}s", "P40", {"6": "1", "12": "2", "24": "4"}),
    ("standard_nd{}rs", "P40", {"24": "4"}),
    ("standard_nd{}s_v2", "V100 SXM 32GB", {"40": "8"}),
    ("standard_nd{}rs_v2", "V100 SXM 32GB", {"40": "8"}),
    ("standard_nd{}asr_v4", "A100 SXM 40GB", {"96": "8"}),
    ("standard_nd{}asr_a100_v4", "A100 SXM 40GB", {"96": "8"}),
    ("standard_nd{}amsr_a100_v4", "A100 SXM 80GB", {"96": "8"}),
    ("standard_nd{}ams_a100_v4", "A100 SXM 80GB", {"96": "8"}),
    ("standard_nd{}isr_h100_v5", "H100 SXM", {"96": "8"}),
    ("standard_nd{}is_h100_v5", "H100 SXM", {"96": "8"}),
    ("standard_nd{}isf_h100_v5", "H100 SXM", {"96": "8"}),
    ("standard_nd{}isrf_h100_v5", "H100 SXM", {"96": "8"}),
    ("standard_nd{}isr_h200_v5", "H200 SXM", {"96": "8"}),
    ("standard_nd{}is_h200_v5", "H200 SXM", {"96": "8"}),
    ("standard_nd{}isf_h200_v5", "H200 SXM", {"96": "8"}),
    ("standard_nd{}isrf_h200_v5", "H200 SXM", {"96": "8"}),
    ("standard_nd{}isr_mi300x_v5", "MI300X", {"96": "8"}),
    ("standard_nd{}is_mi300x_v5", "MI300X", {"96": "8"}),
    ("standard_nd{}isr_ndr_gb200_v6", "GB200", {"128": "4"}),
    ("standard_nd{}isrf_ndr_gb200_v6", "GB200", {"128": "4"}),
    ("standard_nd{}isr_gb300_v6", "GB300", {"128": "4"}),
    ("standard_nv{}", "M60", {"6": "1/2", "12": "1", "24": "2"}),
    ("standard_nv{}s_v3", "M60", {"12": "1/2", "24": "1", "48": "2"}),
    ("standard_nv{}as_v4", "MI25", {"4": "1/8", "8": "1/4", "16": "1/2", "32": "1"}),
    (
        "standard_nv{}ads_a10_v5",
        "A10",
        {"6": "1/6", "12": "1/3", "18": "1/2", "36": "1", "72": "2"},
    ),
    ("standard_nv{}adms_a10_v5", "A10", {"36": "1"}),
    (
        "standard_nv{}ads_v710_v5",
        "Radeon Pro V710",
        {"4": "1/6", "8": "1/3", "12": "1/2", "24": "1"},
    ),
    ("standard_nv{}adms_v710_v5", "Radeon Pro V710", {"28": "1"}),
    ("standard_ng{}ads_v620_v1", "Radeon Pro V620", {"8": "1/4", "16": "1/2", "32": "1"}),
    ("standard_ng{}adms_v620_v1", "Radeon Pro V620", {"32": "1"}),
)
SIZES = {
    name.format(number): (gpu, count)
    for name, gpu, counts in SERIES
    for number, count in counts.items()
}
"""Size in lower case -> GPU, count, as on Azure's pages on sizes."""

REGIONS = {
    **dict.fromkeys(("australiacentral", "australiacentral2", "australiaeast"), "AU"),
    **dict.fromkeys(("australiasoutheast",), "AU"),
    **dict.fromkeys(("brazilsouth", "brazilsoutheast"), "BR"),
    **dict.fromkeys(("canadacentral", "canadaeast"), "CA"),
    **dict.fromkeys(("centralus", "eastus", "eastus2", "eastus3", "northcentralus"), "US"),
    **dict.fromkeys(
        ("southcentralus", "southcentralus2", "westcentralus", "westus", "westus2", "westus3"), "US"
    ),
    **dict.fromkeys(("centralindia", "southindia", "westindia"), "IN"),
    **dict.fromkeys(("jioindiacentral", "jioindiawest"), "IN"),
    **dict.fromkeys(("francecentral", "francesouth"), "FR"),
    **dict.fromkeys(("germanynorth", "germanywestcentral"), "DE"),
    **dict.fromkeys(("japaneast", "japanwest"), "JP"),
    **dict.fromkeys(("koreacentral", "koreasouth"), "KR"),
    **dict.fromkeys(("malaysiawest",), "MY"),
    **dict.fromkeys(("norwayeast", "norwaywest"), "NO"),
    **dict.fromkeys(("southafricanorth", "southafricawest"), "ZA"),
    **dict.fromkeys(("swedencentral", "swedensouth"), "SE"),
    **dict.fromkeys(("switzerlandnorth", "switzerlandwest"), "CH"),
    **dict.fromkeys(("uaecentral", "uaenorth"), "AE"),
    **dict.fromkeys(("uksouth", "ukwest"), "GB"),
    **dict.fromkeys(("taiwannorth", "taiwannorthwest"), "TW"),
    "austriaeast": "AT",
    "belgiumcentral": "BE",
    "chilecentral": "CL",
    "denmarkeast": "DK",
    "eastasia": "HK",
    "indonesiacentral": "ID",
    "israelcentral": "IL",
    "italynorth": "IT",
    "mexicocentral": "MX",
    "newzealandnorth": "NZ",
    "northeurope": "IE",
    "polandcentral": "PL",
    "qatarcentral": "QA",
    "southeastasia": "SG",
    "spaincentral": "ES",
    "westeurope": "NL",
}
"""Region -> ISO 3166-1 country, as on Azure's list of geographies."""
