"""The documentation page: our HTML and Swagger UI from an installed package, no internet.

Without the package `swagger-ui-bundle-v2` the page only links to the OpenAPI document.
"""

import hashlib
import importlib.util
from http import HTTPStatus
from pathlib import Path
from typing import Final

from flask import Blueprint, Response, abort, request

OPENAPI_FILE: Final = Path(__file__).parents[2] / "clients" / "openapi" / "gpuquote.v1.json"
_PAGES: Final = Path(__file__).parent / "pages"
# The page runs Swagger UI, which sets styles in line and shows images as data.
_DOCS_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_ASSETS: Final = {
    "swagger-ui.css": "text/css; charset=utf-8",
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "favicon-32x32.png": "image/png",
}


def find_swagger_ui() -> Path | None:
    """Return the folder of Swagger UI's files, or None when the package is not installed."""
    if importlib.util.find_spec("swagger_ui_bundle") is None:
        return None
    from swagger_ui_bundle import swagger_ui_path  # noqa: PLC0415 - an optional package

    folder = Path(str(swagger_ui_path))
    return folder if all((folder / name).is_file() for name in _ASSETS) else None


def docs_blueprint(*, openapi: bytes, swagger_ui: Path | None) -> Blueprint:
    """Serve `/openapi.json` as committed, and `/docs`."""
    blueprint = Blueprint("docs", __name__)
    etag = hashlib.sha256(openapi).hexdigest()[:16]

    @blueprint.get("/openapi.json")
    def openapi_document() -> Response:
        return _cacheable(Response(openapi, content_type="application/json"), etag)

    @blueprint.get("/docs")
    def docs_page() -> Response:
        page = "docs.html" if swagger_ui else "docs_plain.html"
        return _page(page, "text/html; charset=utf-8")

    @blueprint.get("/docs/start.js")
    def docs_script() -> Response:
        return _page("start.js", "text/javascript; charset=utf-8")

    @blueprint.get("/docs/<name>")
    def docs_asset(name: str) -> Response:
        if swagger_ui is None or name not in _ASSETS:
            abort(HTTPStatus.NOT_FOUND)
        data = (swagger_ui / name).read_bytes()
        return _cacheable(
            Response(data, content_type=_ASSETS[name]), hashlib.sha256(data).hexdigest()[:16]
        )

    return blueprint


def _page(name: str, content_type: str) -> Response:
    response = Response((_PAGES / name).read_bytes(), content_type=content_type)
    response.headers["Content-Security-Policy"] = _DOCS_POLICY
    response.headers["Cache-Control"] = "no-cache"
    return response


def _cacheable(response: Response, etag: str) -> Response:
    if request.if_none_match.contains_weak(etag):
        response = Response(status=HTTPStatus.NOT_MODIFIED)
    response.set_etag(etag)
    response.headers["Cache-Control"] = "no-cache"
    return response
