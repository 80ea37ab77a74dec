"""Real offers for the benchmark of the gate, one feed a provider.

From the folder `shared` beside the project where it is there: the recorded pages through our own
parsers, 310 hand-checked rows of 21 providers, and the rows of one public catalogue. Otherwise
from the bundled baseline. Of a provider with several feeds the largest is taken.
"""

import csv
import gzip
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path

from scrapers.registry import load_providers
from scrapers.replay import ReplayFetcher
from service.domain.gpu import GpuModel, GpuNotIdentified, GpuRegistry
from service.domain.money import Money
from service.domain.offer import ListedPrice, Offer, PriceUnit, PurchaseModel, Standing, Trust
from service.facts.baseline import load_baseline
from service.facts.tables import load_exchange_rates, load_gpu_registry
from tools.golden import read_recording

SHARED = Path(__file__).parents[2] / "shared"
NOW = datetime(2026, 10, 8, 12, 0, tzinfo=UTC)

_CURATED = "curated_offers_21_providers_2026-05-25.json"
_CATALOG = "catalog_accelerator_rows_2026-05-20.csv"
_LAMBDA = "lambda_runpod_vast_2026-03-11_2026-08-22.csv.gz"
# The catalogue prices only the GPU part of GCP's machines, which nobody can rent.
_LEFT_OUT = frozenset({"gcp"})
_SAME_PROVIDER = {
    "vast-ai": "vast",
    "jarvis-labs": "jarvislabs",
    "thunder-compute": "thunder",
}
_MARKETPLACES = frozenset({"akash", "salad", "spheron", "vast"})
# The catalogue's short names, where a bare family is not one model.
_CATALOG_NAMES = {
    "A100": "A100 SXM4 40GB",
    "A100-80GB": "A100 SXM4 80GB",
    "H100": "H100 SXM5 80GB",
    "V100": "V100 SXM2 16GB",
    "V100-32GB": "V100 SXM2 32GB",
    "H200": "H200 SXM",
    "GH200": "GH200 96GB",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """The offers of one provider."""

    provider: str
    offers: tuple[Offer, ...]
    is_marketplace: bool


@cache
def registry() -> GpuRegistry:
    """Return the bundled GPU models, read once."""
    return load_gpu_registry()


def load_feeds(shared: Path | None = SHARED) -> tuple[Feed, ...]:
    """Read all feeds, by provider; from the baseline when `shared` is None or not there."""
    candidates: list[dict[str, list[Offer]]] = []
    if shared is not None and (shared / "history" / _CATALOG).exists():
        candidates += [
            _by_provider(_captured(shared / "captures")),
            _by_provider(_curated(shared / "history" / _CURATED)),
            _by_provider(_catalogued(shared / "history" / _CATALOG)),
        ]
    else:
        bundled = (offer for each in load_baseline() for offer in each.offers)
        candidates.append(
            _by_provider(replace(offer, standing=Standing.ACCEPTED) for offer in bundled)
        )
    largest: dict[str, list[Offer]] = {}
    for feeds in candidates:
        for provider, offers in feeds.items():
            if len(offers) > len(largest.get(provider, ())):
                largest[provider] = offers
    return tuple(
        Feed(
            provider=provider,
            offers=tuple(offers),
            is_marketplace=_is_marketplace(provider),
        )
        for provider, offers in sorted(largest.items())
    )


def lambda_runs(shared: Path = SHARED) -> Iterator[tuple[datetime, tuple[Offer, ...]]]:
    """Yield what Lambda's API said at each moment of half a year, as one run each.

    The rows have no instance type: the sizes of a GPU model are told apart by their order.
    """
    with gzip.open(shared / "history" / _LAMBDA, "rt") as file:
        rows = [row for row in csv.DictReader(file) if row["provider"] == "Lambda"]
    moments: defaultdict[str, list[Mapping[str, str]]] = defaultdict(list)
    for row in rows:
        moments[row["timestamp"]].append(row)
    for moment, found in sorted(moments.items()):
        now = datetime.fromisoformat(moment).replace(tzinfo=UTC)
        yield now, tuple(_unique(_lambda_offers(found, now=now)))


def _lambda_offers(rows: list[Mapping[str, str]], *, now: datetime) -> Iterator[Offer]:
    sizes: defaultdict[str, int] = defaultdict(int)
    counts: defaultdict[str, int] = defaultdict(int)
    for row in rows:
        counts[row["gpu"]] += 1
    for row in rows:
        size = sizes[row["gpu"]]
        sizes[row["gpu"]] += 1
        model = _model(row["gpu"], vram_gb=None)
        if model and row["on_demand_hr"]:
            yield _offer(
                provider="lambda",
                sku=f"{row['gpu']} {size + 1} of {counts[row['gpu']]}",
                model=model,
                per_gpu=Decimal(row["on_demand_hr"]),
                now=now,
            )


def _captured(folder: Path) -> Iterator[Offer]:
    fetcher = ReplayFetcher.open(folder, now=lambda: NOW)
    for provider in load_providers().values():
        yield from read_recording(provider, fetcher, rates=load_exchange_rates()).offers


def _curated(path: Path) -> Iterator[Offer]:
    for row in json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal):
        model = _model(row["gpu_model"], vram_gb=row["vram_gb"])
        if model is None:
            continue
        provider = _SAME_PROVIDER.get(row["provider_id"], row["provider_id"])
        yield _offer(
            provider=provider,
            sku=row["id"],
            model=model,
            per_gpu=Decimal(row["price_usd_hour"]),
            purchase_model=PurchaseModel.SPOT if row["is_spot"] else PurchaseModel.ON_DEMAND,
            trust=Trust.HOST if row["tier"] == "community" else _trust(provider),
            vcpus=row.get("vcpu"),
            memory=row.get("ram_gb"),
        )


def _catalogued(path: Path) -> Iterator[Offer]:
    with path.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            model = _model(_CATALOG_NAMES.get(row["accelerator"], row["accelerator"]), vram_gb=None)
            if model is None or row["provider"] in _LEFT_OUT:
                continue
            count = Decimal(row["count"])
            for column, purchase_model in (
                ("usd_per_hour", PurchaseModel.ON_DEMAND),
                ("usd_per_hour_spot", PurchaseModel.SPOT),
            ):
                price = Decimal(row[column] or 0)
                if price > 0:
                    yield _offer(
                        provider=row["provider"],
                        sku=f"{row['instance_type']} {row['accelerator']} {row['count']}",
                        model=model,
                        per_gpu=price / count,
                        count=count,
                        region=row["region"] + row["zone"],
                        purchase_model=purchase_model,
                        trust=_trust(row["provider"]),
                        vcpus=row["vcpus"],
                        memory=row["memory_gib"],
                    )


def _offer(
    *,
    provider: str,
    sku: str,
    model: GpuModel,
    per_gpu: Decimal,
    count: Decimal = Decimal(1),
    region: str = "",
    purchase_model: PurchaseModel = PurchaseModel.ON_DEMAND,
    trust: Trust = Trust.FIRST_PARTY,
    vcpus: object = None,
    memory: object = None,
    now: datetime = NOW,
) -> Offer:
    return Offer(
        offer_id=f"{provider}|{sku}|{region}|{purchase_model}",
        provider=provider,
        sku=sku,
        part="prices",
        gpu_model=model.gpu_model_id,
        gpu_family=model.family,
        gpu_count=count,
        vram_gb=model.vram_gb,
        purchase_model=purchase_model,
        price_per_hour=per_gpu * count,
        price_per_gpu_hour=per_gpu,
        listed=ListedPrice(
            text=f"${per_gpu}", amount=Money(amount=per_gpu), unit=PriceUnit.GPU_HOUR
        ),
        observe_time=now,
        price_change_time=now,
        first_seen_time=now,
        source_uri=f"https://{provider}.example/",
        region_code=region,
        instance_type=sku,
        trust=trust,
        vcpu_count=int(Decimal(str(vcpus))) if vcpus else None,
        memory_gib=Decimal(str(memory)) if memory else None,
    )


def _model(text: str, *, vram_gb: int | None) -> GpuModel | None:
    try:
        return registry().identify(text, vram_gb=Decimal(vram_gb) if vram_gb is not None else None)
    except GpuNotIdentified:
        return None


def _trust(provider: str) -> Trust:
    return Trust.HOST if _is_marketplace(provider) else Trust.FIRST_PARTY


def _is_marketplace(provider: str) -> bool:
    known = load_providers().get(provider)
    is_known_one = known is not None and known.trust is not Trust.FIRST_PARTY
    return is_known_one or provider in _MARKETPLACES


def _by_provider(offers: Iterable[Offer]) -> dict[str, list[Offer]]:
    feeds: defaultdict[str, list[Offer]] = defaultdict(list)
    for offer in _unique(offers):
        feeds[offer.provider].append(offer)
    return feeds


def _unique(offers: Iterable[Offer]) -> Iterable[Offer]:
    """Keep the first of each id; the catalogue repeats some keys with other prices."""
    found: dict[str, Offer] = {}
    for offer in offers:
        found.setdefault(offer.offer_id, offer)
    return found.values()
