"""Where a redirect leads, and what of a request goes along."""

from dataclasses import replace
from urllib.parse import urljoin, urlsplit

from scrapers.errors import UnsafeResponse
from scrapers.provider import KEY, Request

_KEEP_THE_BODY = frozenset({307, 308})


def redirected(request: Request, *, status: int, location: str) -> Request:
    """Return the request of the next hop; a key for one host is no key for another.

    Raises UnsafeResponse where a body would be lost, or would carry a key to another host, and
    for an address that names a key: only our own requests may ask for one.
    """
    if KEY.search(location):
        raise UnsafeResponse(f"{request.url} redirects to an address that asks for a key")
    url = urljoin(request.url, location)
    if request.method != "GET" and status not in _KEEP_THE_BODY:
        raise UnsafeResponse(f"{request.url} redirects a {request.method} with {status}")
    if urlsplit(url).netloc == urlsplit(request.url).netloc:
        return replace(request, url=url)
    bare = replace(request, url=url, headers={})
    if bare.key_variables:
        raise UnsafeResponse(f"{request.url} redirects a request with a key to another host")
    return bare
