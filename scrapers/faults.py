"""What an exception of the HTTP client means for a collection."""

import ssl

from scrapers.errors import CollectError, Unreachable, UnsafeResponse


def fault_of(error: Exception, *, url: str) -> CollectError:
    """Turn an exception of the HTTP client into ours; one of ours that it wraps is that one."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, CollectError):
            return cause
        if isinstance(cause, ssl.SSLCertVerificationError):
            return UnsafeResponse(f"{url}: its certificate is not valid ({cause.verify_message})")
        cause = _inner(cause)
    return Unreachable(f"{url} did not answer ({type(error).__name__}: {error})")


def _inner(error: BaseException) -> BaseException | None:
    wrapped = [getattr(error, "reason", None), *error.args]
    inner = (e for e in wrapped if isinstance(e, BaseException))
    return error.__cause__ or error.__context__ or next(inner, None)
