"""Values with good defaults for tests."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from service.domain.architecture import Architecture, AttentionKind, Model
from service.domain.money import Money
from service.domain.offer import ListedPrice, Offer, PriceUnit, PurchaseModel
from service.domain.provider import ProviderSnapshot, ProviderState, ProviderStatus
from service.domain.quarantine import QuarantinedOffer

NOW = datetime(2026, 10, 8, 12, 0, tzinfo=UTC)


def an_offer(*, price: str = "2.49", gpu_count: str = "1", **overrides: Any) -> Offer:
    """Build an on-demand H100; `price` is US dollars per GPU-hour."""
    per_gpu, count = Decimal(price), Decimal(gpu_count)
    values: dict[str, Any] = {
        "offer_id": "nimbus-h100-sxm-1x-on-demand",
        "provider": "nimbus",
        "sku": "h100-sxm-1x",
        "part": "prices",
        "gpu_model": "h100-sxm-80gb",
        "gpu_family": "H100",
        "gpu_count": count,
        "vram_gb": 80,
        "purchase_model": PurchaseModel.ON_DEMAND,
        "price_per_hour": per_gpu * count,
        "price_per_gpu_hour": per_gpu,
        "listed": ListedPrice(
            text=f"${per_gpu}", amount=Money(amount=per_gpu), unit=PriceUnit.GPU_HOUR
        ),
        "observe_time": NOW,
        "price_change_time": NOW,
        "first_seen_time": NOW,
        "source_uri": "https://nimbus.example/gpu-pricing",
    }
    return Offer(**(values | overrides))


def a_status(provider: str = "nimbus", **overrides: Any) -> ProviderStatus:
    """Build the status of a provider whose last run went well."""
    values: dict[str, Any] = {
        "provider": provider,
        "title": provider.title(),
        "home": f"https://{provider}.example",
        "state": ProviderState.OK,
        "interval": timedelta(minutes=60),
        "last_attempt_time": NOW,
        "last_success_time": NOW,
    }
    return ProviderStatus(**(values | overrides))


def a_snapshot(*offers: Offer, provider: str = "nimbus", **overrides: Any) -> ProviderSnapshot:
    """Build a published snapshot of one provider."""
    values: dict[str, Any] = {
        "provider": provider,
        "snapshot_id": "s1",
        "content_revision": "c1",
        "publish_time": NOW,
        "interval": timedelta(minutes=60),
        "offers": offers,
    }
    return ProviderSnapshot(**(values | overrides))


def a_quarantined(quarantine_id: str = "0001-a", **overrides: Any) -> QuarantinedOffer:
    """Build a price that jumped to four times the last one."""
    values: dict[str, Any] = {
        "quarantine_id": quarantine_id,
        "provider": "nimbus",
        "offer_id": "nimbus-h100-sxm-1x-on-demand",
        "rule": "R2",
        "reason": "PRICE_JUMP",
        "evidence": "9.99 after 2.49 USD per GPU-hour, 4.01 times",
        "raw_text": '{"sku": "h100-sxm-1x", "price": "9.99"}',
        "last_accepted": Decimal("2.49"),
        "observed": Decimal("9.99"),
        "ratio": Decimal("9.99") / Decimal("2.49"),
        "first_seen_time": NOW,
        "last_seen_time": NOW,
        "page_digest": "d1",
        "source_uri": "https://nimbus.example/gpu-pricing",
    }
    return QuarantinedOffer(**(values | overrides))


def an_architecture(**overrides: Any) -> Architecture:
    """Build the sizes of a dense decoder of 8 billion parameters (Llama-3.1-8B's)."""
    values: dict[str, Any] = {
        "params": 8_030_261_248,
        "active_params": 8_030_261_248,
        "layers": 32,
        "hidden_size": 4096,
        "heads": 32,
        "kv_heads": 8,
        "head_dim": 128,
        "ffn_size": 14_336,
        "vocab_size": 128_256,
        "context_length": 131_072,
        "attention": AttentionKind.GQA,
        "full_attention_layers": 32,
    }
    return Architecture(**(values | overrides))


def a_language_model(model_id: str = "llama-3.1-8b", **overrides: Any) -> Model:
    """Build a model of the registry."""
    values: dict[str, Any] = {
        "model_id": model_id,
        "display_name": model_id.title(),
        "publisher": "Meta",
        "family": model_id.split("-", maxsplit=1)[0],
        "licence": "Llama 3.1",
        "architecture": an_architecture(),
        "source": "config.json",
    }
    return Model(**(values | overrides))
