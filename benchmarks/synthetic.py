"""Offers made up for benchmarks: many providers, all GPU models, spread prices."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from service.domain.change import changes_between
from service.domain.money import Money
from service.domain.offer import ListedPrice, Offer, PriceUnit, PurchaseModel
from service.domain.provider import ProviderSnapshot, ProviderState, ProviderStatus
from service.facts.tables import load_gpu_registry
from service.store.ports import Store

PROVIDERS = 20
COUNTS = (1, 2, 4, 8)


def offers(count: int, *, provider: str, now: datetime, seed: int = 1) -> Iterator[Offer]:
    """Make `count` offers of one provider."""
    rng = random.Random(f"{provider}-{seed}")
    models = load_gpu_registry().models
    for number in range(count):
        model, gpus = rng.choice(models), Decimal(rng.choice(COUNTS))
        per_gpu = Decimal(rng.randrange(50_000, 9_000_000)).scaleb(-6)
        yield Offer(
            offer_id=f"{provider}-{number:06d}",
            provider=provider,
            sku=f"sku-{number}",
            part="prices",
            gpu_model=model.gpu_model_id,
            gpu_family=model.family,
            gpu_count=gpus,
            vram_gb=model.vram_gb,
            purchase_model=rng.choice((PurchaseModel.ON_DEMAND, PurchaseModel.SPOT)),
            price_per_hour=per_gpu * gpus,
            price_per_gpu_hour=per_gpu,
            listed=ListedPrice(
                text=f"${per_gpu}", amount=Money(amount=per_gpu), unit=PriceUnit.GPU_HOUR
            ),
            observe_time=now,
            price_change_time=now,
            first_seen_time=now,
            source_uri=f"https://{provider}.example/prices",
            instance_type=f"type-{number}",
            region_code=f"region-{number % 40}",
            country_code=rng.choice(("US", "DE", "FR", "JP")),
            vcpu_count=rng.choice((8, 26, 52, 208)),
            memory_gib=Decimal(rng.choice((64, 225, 1800))),
        )


def publish_all(store: Store, count: int) -> None:
    """Publish `count` offers over 20 providers, as a collector would."""
    for number in range(PROVIDERS):
        size = count // PROVIDERS + (number < count % PROVIDERS)
        publish_one(store, f"provider-{number:02d}", size)


def publish_one(store: Store, provider: str, count: int) -> None:
    """Publish `count` offers of one provider."""
    now = datetime.now(UTC)
    lease = store.acquire(holder="benchmark", length=timedelta(minutes=5))
    if lease is None:
        raise RuntimeError("the store of a benchmark has another collector")
    made = tuple(offers(count, provider=provider, now=now))
    status = ProviderStatus(
        provider=provider,
        title=provider,
        home=f"https://{provider}.example",
        state=ProviderState.OK,
        interval=timedelta(hours=1),
        last_attempt_time=now,
        last_success_time=now,
        next_attempt_time=now + timedelta(hours=1),
    )
    store.register((status,))
    snapshot = ProviderSnapshot(
        provider=provider,
        snapshot_id=f"{provider}-1",
        content_revision=f"{provider}-1",
        publish_time=now,
        interval=timedelta(hours=1),
        offers=made,
    )
    changes = changes_between((), made, now=now)
    store.publish(snapshot, previous_id="", changes=changes, fence=lease.fence)
