"""Keeps the quarantine of a provider in step with what the gate said of a run. Pure."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime

from scrapers.price_jump import printed_per_gpu_hour
from scrapers.provider import RawOffer
from scrapers.rejects import escaped
from scrapers.reviews import is_same_factor, is_same_price
from scrapers.verdict import HeldRow, HeldRun, Verdict
from service.domain.quarantine import (
    MAX_RAW_TEXT_BYTES,
    QuarantinedOffer,
    QuarantineState,
    kept_entries,
)
from service.domain.run import run_id_at

_MAX_EVIDENCE_BYTES = 1000
# What comes back after it CLEARED is a new case, and so is what is held though it was ACCEPTED: the
# acceptance ran out, and a person must be able to decide again.
_OPEN = frozenset({QuarantineState.WAITING, QuarantineState.REJECTED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """What of a run goes into the quarantine beside the verdict.

    `rows` are the rows as printed, by offer id. `is_whole`: no part was missing.
    """

    provider: str
    rows: Mapping[str, RawOffer]
    is_whole: bool
    page_digest: str
    now: datetime


def quarantine_after(
    before: Iterable[QuarantinedOffer], *, verdict: Verdict, sighting: Sighting
) -> tuple[QuarantinedOffer, ...]:
    """Return a provider's quarantine as it is after a run, newest first and within its limits.

    The same value again raises `times_seen`. What waits and is confirmed, or no longer seen, is
    CLEARED; a held run says nothing about single rows and clears none.
    """
    entries = {entry.quarantine_id: entry for entry in before}
    seen: set[str] = set()
    if verdict.held_by:
        fresh = [_of_run(verdict.held_by, sighting)]
    else:
        fresh = [_of_row(held, sighting) for held in verdict.held_rows]
    for new in fresh:
        old = next((e for e in entries.values() if e.state in _OPEN and _is_same(e, new)), None)
        entry = _again(old, new) if old else new
        entries[entry.quarantine_id] = entry
        seen.add(entry.quarantine_id)
    for quarantine_id, entry in entries.items():
        if quarantine_id in seen:
            continue
        if quarantine_id in verdict.reviewed_ids:
            entries[quarantine_id] = replace(entry, last_seen_time=sighting.now)
        elif entry.state is QuarantineState.WAITING and _is_over(entry, verdict, sighting):
            entries[quarantine_id] = replace(
                entry, state=QuarantineState.CLEARED, review_time=sighting.now
            )
    return kept_entries(entries.values(), now=sighting.now)


def row_text(row: RawOffer) -> str:
    """Print what a row says, field by field as JSON; within 4 KiB, without control characters."""
    said = {
        field.name: value if isinstance(value, str) else str(value)
        for field in fields(row)
        if (value := getattr(row, field.name)) not in ("", None, (), field.default)
    }
    return escaped(json.dumps(said, ensure_ascii=False), max_bytes=MAX_RAW_TEXT_BYTES)


def _is_over(entry: QuarantinedOffer, verdict: Verdict, sighting: Sighting) -> bool:
    """Say whether an entry that this run did not give again is done with."""
    if verdict.held_by:
        return entry.is_run
    return entry.is_run or sighting.is_whole or entry.offer_id in sighting.rows


def _is_same(entry: QuarantinedOffer, new: QuarantinedOffer) -> bool:
    if entry.offer_id != new.offer_id:
        return False
    if new.is_run:
        return entry.rule == new.rule and is_same_factor(entry.ratio, new.ratio)
    return is_same_price(entry, observed=new.observed, printed=new.printed)


def _again(old: QuarantinedOffer, new: QuarantinedOffer) -> QuarantinedOffer:
    """Return a known entry as it is now; what it was first held for and at what price stands."""
    return replace(
        old,
        evidence=old.evidence if old.review_time else new.evidence,
        raw_text=new.raw_text or old.raw_text,
        page_digest=new.page_digest or old.page_digest,
        times_seen=old.times_seen + 1,
        last_seen_time=new.last_seen_time,
    )


def _of_row(held: HeldRow, sighting: Sighting) -> QuarantinedOffer:
    offer = held.offer
    row = sighting.rows.get(offer.offer_id)
    return QuarantinedOffer(
        quarantine_id=_id(sighting, offer.offer_id, held.rule, str(held.observed)),
        provider=sighting.provider,
        offer_id=offer.offer_id,
        rule=held.rule,
        reason=held.reason,
        evidence=escaped(held.evidence, max_bytes=_MAX_EVIDENCE_BYTES),
        raw_text=row_text(row) if row else "",
        last_accepted=held.last.price_per_gpu_hour if held.last else None,
        observed=held.observed,
        printed=printed_per_gpu_hour(offer),
        ratio=held.ratio,
        first_seen_time=sighting.now,
        last_seen_time=sighting.now,
        page_digest=sighting.page_digest,
        source_uri=offer.source_uri,
    )


def _of_run(held: HeldRun, sighting: Sighting) -> QuarantinedOffer:
    return QuarantinedOffer(
        quarantine_id=_id(sighting, "", held.rule, str(held.factor)),
        provider=sighting.provider,
        rule=held.rule,
        reason=held.reason,
        evidence=escaped(held.evidence, max_bytes=_MAX_EVIDENCE_BYTES),
        ratio=held.factor,
        first_seen_time=sighting.now,
        last_seen_time=sighting.now,
        page_digest=sighting.page_digest,
    )


def _id(sighting: Sighting, *words: str) -> str:
    exact = "|".join((sighting.provider, *words))
    return run_id_at(sighting.now, entropy=hashlib.sha256(exact.encode()).hexdigest()[:10])
