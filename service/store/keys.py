"""The names of everything that is kept in Redis. The prefix carries the layout's version."""

PREFIX = "gpuquote:1:"

SCHEMA = PREFIX + "schema"
STATUSES = PREFIX + "statuses"
POINTERS = PREFIX + "pointers"
EVENTS = PREFIX + "events"
CHANGE_LOG = PREFIX + "change-log"
CHANGE_LOG_STATE = PREFIX + "change-log-state"
PAGE_TOKEN_KEY = PREFIX + "page-token-key"
LEASE = PREFIX + "lease"
FENCE = PREFIX + "fence"
RUN_REQUESTS = PREFIX + "run-requests"
OPEN_RUNS = PREFIX + "open-runs"
RUN_INDEX = PREFIX + "run-index"
QUARANTINE = PREFIX + "quarantine"
REVIEWS = PREFIX + "reviews"
MODEL_PRICES = PREFIX + "model-prices"
RATES = PREFIX + "exchange-rates"
QUOTE_INDEX = PREFIX + "quote-index"
SET_ASIDE = PREFIX + "set-aside:"


def body(provider: str, snapshot_id: str) -> str:
    """Name the body of one snapshot."""
    return f"{PREFIX}body:{provider}:{snapshot_id}"


def generations(provider: str) -> str:
    """Name the list of a provider's newest body keys."""
    return f"{PREFIX}generations:{provider}"


def points(offer_id: str) -> str:
    """Name the price history of one offer."""
    return f"{PREFIX}points:{offer_id}"


def series(gpu_model: str) -> str:
    """Name what every offer of a GPU model was whose history is kept."""
    return f"{PREFIX}series:{gpu_model}"


def watched(provider: str) -> str:
    """Name the times in which a provider was watched."""
    return f"{PREFIX}watched:{provider}"


def provisional(provider: str) -> str:
    """Name the offers of a provider whose last point of history is provisional."""
    return f"{PREFIX}provisional:{provider}"


def reports(gpu_model: str) -> str:
    """Name what buyers reported of a GPU model."""
    return f"{PREFIX}reports:{gpu_model}"


def run(run_id: str) -> str:
    """Name one collection run."""
    return f"{PREFIX}run:{run_id}"


def run_index(provider: str) -> str:
    """Name the index of runs: of one provider, or of all for ""."""
    return f"{RUN_INDEX}:{provider}" if provider else RUN_INDEX


def quote(quote_id: str) -> str:
    """Name the document of one quote."""
    return f"{PREFIX}quote:{quote_id}"


def quote_head(quote_id: str) -> str:
    """Name what lists tell of one quote."""
    return f"{PREFIX}quote-head:{quote_id}"


def quote_request(request_id: str) -> str:
    """Name what a request id of a quote stands for."""
    return f"{PREFIX}quote-request:{request_id}"
