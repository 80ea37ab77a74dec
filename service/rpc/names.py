"""Resource names: "offers/{offer}" and its kin, and the ids inside them."""

import re

from service.domain.errors import InvalidRequest, Reason, Violation
from service.rpc.faults import shown

OFFERS = "offers"
PROVIDERS = "providers"
GPU_MODELS = "gpuModels"
MODELS = "models"
RUNS = "collectionRuns"
QUARANTINED_OFFERS = "quarantinedOffers"
QUOTES = "quotes"
MAX_SHOWN = 160  # a whole name fits

_ID = re.compile(r"[a-z0-9]([a-z0-9.-]{0,126}[a-z0-9])?", re.ASCII)


def id_from_name(name: str, collection: str, *, field: str = "name") -> str:
    """Return the id in a full name. Raises InvalidRequest (BAD_NAME)."""
    head, slash, identifier = name.partition("/")
    if not slash or head != collection or not _ID.fullmatch(identifier):
        description = f"{shown(name)} is not of the form {collection}/{{id}}"
        violation = Violation(field, description, Reason.BAD_NAME, {"name": name[:MAX_SHOWN]})
        raise InvalidRequest.of((violation,))
    return identifier
