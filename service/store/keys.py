"""The names of everything that is kept in Redis. The prefix carries the layout's version."""

PREFIX = "gpuquote:1:"

SCHEMA = PREFIX + "schema"
STATUSES = PREFIX + "statuses"
POINTERS = PREFIX + "pointers"
EVENTS = PREFIX + "events"
PAGE_TOKEN_KEY = PREFIX + "page-token-key"
LEASE = PREFIX + "lease"
FENCE = PREFIX + "fence"
RUN_REQUESTS = PREFIX + "run-requests"
OPEN_RUNS = PREFIX + "open-runs"
RUN_INDEX = PREFIX + "run-index"
SET_ASIDE = PREFIX + "set-aside:"


def body(provider: str, snapshot_id: str) -> str:
    """Name the body of one snapshot."""
    return f"{PREFIX}body:{provider}:{snapshot_id}"


def generations(provider: str) -> str:
    """Name the list of a provider's newest body keys."""
    return f"{PREFIX}generations:{provider}"


def changes(provider: str, snapshot_id: str) -> str:
    """Name what the publication of one snapshot changed."""
    return f"{PREFIX}changes:{provider}:{snapshot_id}"


def points(offer_id: str) -> str:
    """Name the price history of one offer."""
    return f"{PREFIX}points:{offer_id}"


def run(run_id: str) -> str:
    """Name one collection run."""
    return f"{PREFIX}run:{run_id}"


def run_index(provider: str) -> str:
    """Name the index of runs: of one provider, or of all for ""."""
    return f"{RUN_INDEX}:{provider}" if provider else RUN_INDEX
