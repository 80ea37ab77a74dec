import importlib.util
import re
from pathlib import Path

import pytest

from service.rest.docs import OPENAPI_FILE, find_swagger_ui
from tests.service.rest.fakes import FakeTransport, client_of


def test_the_committed_document_is_served_as_it_is() -> None:
    answer = client_of(FakeTransport()).get("/openapi.json")
    assert answer.data == OPENAPI_FILE.read_bytes()
    assert answer.content_type == "application/json"
    again = client_of(FakeTransport()).get(
        "/openapi.json", headers={"If-None-Match": answer.headers["ETag"]}
    )
    assert (again.status_code, again.data) == (304, b"")


def test_the_page_and_all_it_loads_come_from_here() -> None:
    client = client_of(FakeTransport())
    page = client.get("/docs")
    assert page.content_type == "text/html; charset=utf-8"
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(loaded) == 5
    for address in loaded:
        assert "//" not in address
        assert client.get("/" + address).status_code == 200
    assert "SwaggerUIBundle" in client.get("/docs/swagger-ui-bundle.js").text


def test_without_the_package_the_page_links_to_the_document(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("service.rest.app.find_swagger_ui", lambda: None)
    client = client_of(FakeTransport())
    assert 'href="openapi.json"' in client.get("/docs").text
    assert client.get("/docs/swagger-ui.css").status_code == 404


def test_swagger_ui_is_not_found_where_the_package_is_absent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert find_swagger_ui() is not None
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    assert find_swagger_ui() is None


@pytest.mark.parametrize(
    "name", ["index.html", "swagger-ui.js", "..%2fapp.py", "oauth2-redirect.html"]
)
def test_only_the_needed_files_are_served(name: str) -> None:
    assert client_of(FakeTransport()).get(f"/docs/{name}").status_code == 404


def test_a_missing_document_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        client_of(FakeTransport(), openapi_file=tmp_path / "gone.json")
