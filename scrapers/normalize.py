"""Turns printed text into offers, or into a reject that says why not.

The same rules for all providers. Currency and unit are printed, or declared for a documented
JSON endpoint; where both exist they agree. Nothing is guessed: a row that leaves a doubt about
its price, its GPU or its count is a reject. Optional facts that cannot be read stay unset.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import TypeVar

from scrapers import quantities
from scrapers.page import Page
from scrapers.pricing import (
    Price,
    Purchase,
    Refused,
    RejectReason,
    hourly_usd,
    price_of,
    purchase_of,
    readable,
)
from scrapers.printed import Basis, NotAPrice, Unreadable, number_from_text, price_from_text
from scrapers.provider import Provider, RawOffer, Reject
from scrapers.sums import summed, upfront_of
from service.domain.geo import COUNTRIES
from service.domain.gpu import (
    MEASURED_TOLERANCE,
    AmbiguousGpu,
    FractionalGpu,
    GpuModel,
    GpuRegistry,
    UnknownGpu,
)
from service.domain.money import Money, count_text, divided
from service.domain.offer import (
    Availability,
    AvailabilityState,
    ExchangeRate,
    ListedPrice,
    Offer,
    PurchaseModel,
    offer_id_of,
)

__all__ = ["MAX_TEXT", "Normalizer", "RejectReason"]

MAX_TEXT = 200
_HOURLY_DIGITS = 12
_PER_GPU_DIGITS = 6
_COUNT_DIGITS = 6
_SIZE_DIGITS = 3

T = TypeVar("T")

_CPU_ARCHES = {
    **dict.fromkeys(("x86_64", "x86-64", "amd64", "x64"), "x86_64"),
    **dict.fromkeys(("arm64", "aarch64", "arm"), "arm64"),
}
# Letters, digits and the punctuation of names; no brackets of markup, templates or formulas.
_NAME = re.compile(r"[\w(][\w .,:;/()+&@#*'%~|\[\]\u2013\u2014-]*")


class Normalizer:
    """Reads rows as printed, with the registry of GPUs and the dated exchange rates."""

    def __init__(self, *, registry: GpuRegistry, rates: Mapping[str, ExchangeRate]) -> None:
        self._registry = registry
        self._rates = rates

    def offer(
        self, raw: RawOffer, *, provider: Provider, page: Page, now: datetime, replayed: bool
    ) -> Offer | Reject:
        """Return the offer of one printed row, or the reject with its reason and the text.

        Raises ValueError when the provider declares currency and unit for an HTML page: those
        must be printed.
        """
        declared = provider.declared.get(page.kind)
        if declared and page.is_html:
            raise ValueError(f"{provider.id}: {page.kind} is HTML and must print its units")
        try:
            _check_texts(raw)
            price = price_of(raw, declared=declared, is_html=page.is_html, rates=self._rates)
            purchase = purchase_of(raw)
            model, count = self._gpus(raw, basis=price.basis)
            return _offer(
                raw,
                price=summed(price, raw, count=count, purchase=purchase),
                purchase=purchase,
                model=model,
                count=count,
                provider=provider,
                page=page,
                now=now,
                replayed=replayed,
            )
        except Refused as refused:
            return Reject(reason=refused.reason.value, text=_shown(raw, str(refused)))

    def _gpus(self, raw: RawOffer, *, basis: Basis) -> tuple[GpuModel, Fraction]:
        """Return the model and how many of it the row holds."""
        count = _find(quantities.count_from_text, raw.gpu_count, RejectReason.BAD_GPU_COUNT)
        vram = _find(quantities.memory_gib, raw.vram, RejectReason.BAD_QUANTITY)
        total = _find(quantities.memory_gib, raw.total_vram, RejectReason.BAD_QUANTITY)
        if count and total:
            each = _decimal(Fraction(total) / count, digits=_SIZE_DIGITS)
            if vram and abs(each - vram) > vram * MEASURED_TOLERANCE:
                raise Refused(RejectReason.VRAM_CONFLICT, f"{raw.total_vram} is not the total")
            vram = vram or each
        model = self._identify(raw.gpu, vram=vram)
        if count is None and total:
            try:
                count = quantities.share_of(total, whole_gib=vram or Decimal(model.vram_gb))
            except Unreadable as error:
                raise Refused(RejectReason.BAD_GPU_COUNT, str(error)) from error
        if count is None and basis is Basis.GPU:
            count = Fraction(1)
        if count is None:
            raise Refused(RejectReason.BAD_GPU_COUNT, "the number of GPUs is not stated")
        return model, count

    def _identify(self, text: str, *, vram: Decimal | None) -> GpuModel:
        try:
            return self._registry.identify(text, vram_gb=vram)
        except UnknownGpu as error:
            raise Refused(RejectReason.UNKNOWN_GPU, str(error)) from error
        except AmbiguousGpu as error:
            raise Refused(RejectReason.AMBIGUOUS_GPU, str(error)) from error
        except FractionalGpu as error:
            raise Refused(RejectReason.FRACTIONAL_GPU, str(error)) from error


def _check_texts(raw: RawOffer) -> None:
    """Refuse texts that are too long or, where they become names, hold what names do not."""
    parts = (text for part in raw.plus for text in (part.what, part.price, part.times, part.unit))
    own = (raw.sku, raw.gpu, raw.region, raw.instance_type, raw.price, raw.unit, raw.upfront)
    for text in (*own, *parts):
        if len(text) > MAX_TEXT:
            raise Refused(RejectReason.BAD_TEXT, f"a text has {len(text)} characters")
    for name in (_clean(raw.sku), _clean(raw.region), _clean(raw.instance_type)):
        if name and not _NAME.fullmatch(name):
            raise Refused(RejectReason.BAD_TEXT, f"{name!r} is no name")
    if not _clean(raw.sku):
        raise Refused(RejectReason.BAD_TEXT, "the row has no sku")


def _offer(
    raw: RawOffer,
    *,
    price: Price,
    purchase: Purchase,
    model: GpuModel,
    count: Fraction,
    provider: Provider,
    page: Page,
    now: datetime,
    replayed: bool,
) -> Offer:
    hourly = hourly_usd(price, purchase=purchase, count=count)
    per_gpu = _decimal(hourly / count, digits=_PER_GPU_DIGITS)
    if not per_gpu:
        raise Refused(RejectReason.BAD_PRICE, f"{price.text} is below any price")
    sku, region = _clean(raw.sku), _clean(raw.region)
    upfront = upfront_of(raw, row=price)
    return Offer(
        offer_id=offer_id_of(
            provider=provider.id,
            sku=sku,
            region=region,
            purchase_model=purchase.model,
            term=purchase.code,
        ),
        provider=provider.id,
        sku=sku,
        part=page.part,
        gpu_model=model.gpu_model_id,
        gpu_family=model.family,
        gpu_count=_decimal(count, digits=_COUNT_DIGITS),
        vram_gb=model.vram_gb,
        purchase_model=purchase.model,
        price_per_hour=_decimal(hourly, digits=_HOURLY_DIGITS),
        price_per_gpu_hour=per_gpu,
        listed=ListedPrice(text=price.text, amount=price.amount, unit=price.unit),
        exchange_rate=price.rate,
        observe_time=now,
        price_change_time=now,
        first_seen_time=now,
        source_uri=page.url,
        min_gpu_count=_count(raw.min_gpu_count),
        max_cluster_gpu_count=_count(raw.max_cluster_gpu_count),
        available_gpu_count=_count(raw.available_gpu_count),
        vcpu_count=_optional(quantities.whole_from_text, raw.vcpus) or None,
        memory_gib=_size(quantities.memory_gib, raw.memory),
        local_storage_gb=_size(quantities.storage_gb, raw.storage),
        cpu_arch=_CPU_ARCHES.get(raw.cpu_arch.strip().lower(), ""),
        instance_type=_clean(raw.instance_type),
        region_code=region,
        country_code=_country(provider.regions.get(raw.region) or raw.country),
        commitment_term=purchase.commitment,
        min_term=purchase.range.least if purchase.range else None,
        max_term=purchase.range.most if purchase.range else None,
        upfront=_usd(upfront, of=price) if upfront else None,
        delivery_model=raw.delivery_model or provider.delivery_model,
        trust=raw.trust or provider.trust,
        host_reliability=_optional(quantities.share_from_text, raw.reliability),
        gpu_link=raw.gpu_link,
        fabric=raw.fabric,
        fabric_gbps_per_gpu=_size(number_from_text, raw.fabric_gbps_per_gpu),
        tax=provider.tax,
        billing_increment=provider.billing_increment,
        minimum_charge=_side_price(raw.minimum_charge, of=price),
        start_time=_start_time(raw),
        price_valid_until=_optional(quantities.moment_from_text, raw.valid_until),
        egress_price_per_gb=_side_price(raw.egress_price, of=price),
        storage_price_per_gb_month=_side_price(raw.storage_price, of=price),
        quota=provider.quota,
        availability=_availability(raw, provider=provider, now=now),
        order_uri=provider.order_uri,
        unverified=provider.unverified,
        replayed=replayed,
    )


def _availability(raw: RawOffer, *, provider: Provider, now: datetime) -> Availability:
    """Return the stock statement; a text that the provider's map does not hold states nothing."""
    if raw.stock is None:
        return Availability()
    word = (raw.stock_word or raw.stock).strip().lower()
    state = provider.stock_states.get(word, AvailabilityState.NOT_STATED)
    return Availability(
        state=state,
        evidence=_clean(raw.stock_evidence)[:MAX_TEXT],
        raw_value=_clean(raw.stock)[:MAX_TEXT],
        observe_time=None if state is AvailabilityState.NOT_STATED else now,
    )


def _side_price(text: str, *, of: Price) -> Money | None:
    """Read a price beside the main one as US dollars; None when it cannot be read."""
    amount = re.split(r"/|\bper\b", text, maxsplit=1)[0]
    try:
        return _usd(of.beside(price_from_text(amount)), of=of)
    except (NotAPrice, Unreadable, Refused):
        return None


def _usd(amount: Decimal, *, of: Price) -> Money:
    return Money(amount=_decimal(of.in_usd(amount), digits=_HOURLY_DIGITS))


def _start_time(raw: RawOffer) -> datetime | None:
    """Read when a row begins. A capacity block is nothing without the day that it starts on."""
    if raw.purchase_model is PurchaseModel.CAPACITY_BLOCK:
        return _find(quantities.moment_from_text, raw.start_time, RejectReason.BAD_TIME)
    return _optional(quantities.moment_from_text, raw.start_time)


def _decimal(number: Fraction, *, digits: int) -> Decimal:
    """Round half-even, without trailing zeros: equal numbers have equal texts."""
    quotient = divided(Decimal(number.numerator), Decimal(number.denominator), digits=digits)
    return Decimal(count_text(quotient))


def _find(read: Callable[[str], T], text: str, reason: RejectReason) -> T | None:
    return readable(read, text, reason) if text.strip() else None


def _count(text: str) -> int | None:
    return _find(quantities.whole_from_text, text, RejectReason.BAD_QUANTITY)


def _optional(read: Callable[[str], T], text: str) -> T | None:
    try:
        return read(text)
    except Unreadable:
        return None


def _size(read: Callable[[str], Decimal], text: str) -> Decimal | None:
    size = _optional(read, text)
    return _decimal(Fraction(size), digits=_SIZE_DIGITS) if size else None


def _country(text: str) -> str:
    code = text.strip().upper()
    return code if code in COUNTRIES else ""


def _clean(text: str) -> str:
    """Return a name in NFKC, without control and format characters, with single spaces."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    plain = unicodedata.normalize("NFKC", text)
    shown = "".join(" " if unicodedata.category(c) == "Cc" else c for c in plain)
    return " ".join("".join(c for c in shown if unicodedata.category(c) != "Cf").split())


def _shown(raw: RawOffer, detail: str) -> str:
    facts = {"sku": raw.sku, "gpu": raw.gpu, "price": raw.price, "unit": raw.unit}
    row = ", ".join(f"{name} {_clean(text)!r}" for name, text in facts.items() if text)
    return _clean(f"{detail} ({row})")[:MAX_TEXT]
