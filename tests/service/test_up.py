"""The whole program: `python -m service up` on recorded pages, asked over REST and gRPC."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import json_format
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)

from service.store.embedded import open_embedded

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "tests" / "providers" / "pages"
TOKEN_PAGES = ROOT / "tests" / "providers" / "token_pages"
OPT_IN = {"coreweave", "runpod", "voltagepark"}
Response = tuple[int, Message, Any]
QUERY = "/v1/offers?gpuFamily=H100&orderBy=pricePerGpuHour"


@dataclass
class Program:
    """A running program and what it said."""

    process: subprocess.Popen[str]
    rest: str
    grpc: str
    metrics: str
    data_dir: Path

    def get(self, path: str, **headers: str) -> Response:
        request = urllib.request.Request(self.rest + path, headers=headers)
        return _open(request)


def _open(request: urllib.request.Request) -> Response:
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            body = answer.read()
            return answer.status, answer.headers, json.loads(body) if body else None
    except urllib.error.HTTPError as error:
        with error:
            body = error.read()
            return error.code, error.headers, json.loads(body) if body else None


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def merged_pages(folder: Path) -> Path:
    """Put the hand-written pages of all providers into one folder with one manifest."""
    entries = []
    for manifest in (*sorted(PAGES.glob("*/manifest.json")), *TOKEN_PAGES.glob("*/manifest.json")):
        for entry in json.loads(manifest.read_text()):
            name = f"{manifest.parent.name}__{entry['body']}"
            (folder / name).write_bytes((manifest.parent / entry["body"]).read_bytes())
            entries.append(entry | {"body": name})
    (folder / "manifest.json").write_text(json.dumps(entries))
    return folder


def start(data_dir: Path, ports: list[int], command: str = "up", **environ: str) -> Program:
    rest, rpc, metrics = ports
    settings = {
        "GPUQUOTE_DATA_DIR": str(data_dir),
        "GPUQUOTE_REST_PORT": str(rest),
        "GPUQUOTE_GRPC_PORT": str(rpc),
        "GPUQUOTE_METRICS_PORT": str(metrics),
    }
    process = subprocess.Popen(
        (sys.executable, "-m", "service", command),
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if not k.startswith("GPUQUOTE_")}
        | settings
        | environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    return Program(
        process=process,
        rest=f"http://127.0.0.1:{rest}",
        grpc=f"127.0.0.1:{rpc}",
        metrics=f"http://127.0.0.1:{metrics}/metrics",
        data_dir=data_dir,
    )


def wait_for(program: Program, *, seconds: float = 40, collected: bool = True) -> None:
    """Wait until the program is ready, and every provider has had its first run."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert program.process.poll() is None, program.process.communicate()[0]
        try:
            status, _, body = program.get("/v1/providers?pageSize=1000")
            ready = program.get("/readyz")[0] == 200
        except OSError:
            status, body, ready = 0, {}, False
        states = [provider["state"] for provider in body.get("providers", ())]
        if ready and status == 200 and not (collected and (not states or "PENDING" in states)):
            return
        time.sleep(0.1)
    raise AssertionError("not ready in time")


def stop(program: Program) -> tuple[int, str]:
    program.process.send_signal(signal.SIGINT)
    said, _ = program.process.communicate(timeout=25)
    return program.process.returncode, said


def processes_of(data_dir: Path) -> list[str]:
    """Return the command lines of processes that name this data folder."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            text = (folder / "environ").read_bytes() + (folder / "cmdline").read_bytes()
            command = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if str(data_dir).encode() in text and int(folder.name) != os.getpid():
            found.append(command.decode(errors="replace"))
    return found


@contextmanager
def running(data_dir: Path, command: str = "up", **environ: str) -> Iterator[Program]:
    program = start(data_dir, free_ports(3), command, **environ)
    try:
        yield program
    finally:
        if program.process.poll() is None:
            os.killpg(program.process.pid, signal.SIGKILL)
        program.process.communicate()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return merged_pages(tmp_path_factory.mktemp("pages"))


@pytest.fixture(scope="module")
def program(pages: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    with running(
        tmp_path_factory.mktemp("data"), GPUQUOTE_REPLAY=str(pages), GPUQUOTE_PROVIDERS="all"
    ) as started:
        wait_for(started)
        yield started
        code, said = stop(started)
        assert code == 0, said
        assert "gpuquote is ready after" in said
        assert f"REST     {started.rest}" in said
        assert "curl" in said
        assert "lambda " in said
        assert processes_of(started.data_dir) == []


def grpc_answer(program: Program, method: str, request: dict[str, Any]) -> dict[str, Any]:
    """Call a method as a generic client does: everything it knows comes from reflection."""
    with grpc.insecure_channel(program.grpc) as channel:
        pool = DescriptorPool(ProtoReflectionDescriptorDatabase(channel))
        service, name = method.split("/")
        found = pool.FindServiceByName(service).FindMethodByName(name)
        asked = json_format.ParseDict(request, GetMessageClass(found.input_type)())
        answer = channel.unary_unary(
            f"/{method}",
            request_serializer=type(asked).SerializeToString,
            response_deserializer=GetMessageClass(found.output_type).FromString,
        )(asked, timeout=10)
        printed: dict[str, Any] = json_format.MessageToDict(
            answer, always_print_fields_with_no_presence=True
        )
        return printed


def test_offers_come_with_their_source_and_their_age(program: Program) -> None:
    status, headers, body = program.get(QUERY)
    assert status == 200
    prices = [float(offer["pricePerGpuHour"]["amount"]) for offer in body["offers"]]
    assert prices
    assert prices == sorted(prices)
    for offer in body["offers"]:
        assert offer["sourceUri"].startswith("https://")
        assert offer["observeTime"].endswith("Z")
        assert offer["listed"]["text"]
        assert offer["freshness"] == "FRESH"
        assert offer["replayed"] is True
    assert headers["Cache-Control"].startswith("private, max-age=")
    assert body["degraded"] is False


def test_every_provider_was_read(program: Program) -> None:
    _, _, body = program.get("/v1/providers?pageSize=1000")
    states = {p["name"].removeprefix("providers/"): p["state"] for p in body["providers"]}
    assert len(states) >= 10
    assert set(states) >= OPT_IN
    assert set(states.values()) <= {"OK", "PARTIAL"}, states


def test_token_prices_come_with_their_source(program: Program) -> None:
    _, _, body = program.get("/v1/modelPrices?model=acme/prose-*&model=prose-*")
    found = [(p["provider"], p["model"], p["input"]["amount"]) for p in body["modelPrices"]]

    assert found == [
        ("acme", "prose-70b", "0.40"),
        ("openrouter", "acme/prose-70b", "0.40"),
        ("openrouter", "acme/prose-long", "2.00"),
        ("openrouter", "acme/prose-long", "4.00"),
    ]


def test_grpc_and_rest_give_the_same_answer(program: Program) -> None:
    _, _, over_rest = program.get(QUERY)
    over_grpc = grpc_answer(
        program,
        "gpuquote.v1.CatalogService/ListOffers",
        {"gpuFamily": ["H100"], "orderBy": "price_per_gpu_hour"},
    )
    names = [offer["name"] for offer in over_rest["offers"]]
    assert [offer["name"] for offer in over_grpc["offers"]] == names
    ours, theirs = over_rest["offers"][0], over_grpc["offers"][0]
    assert theirs["purchaseModel"] == f"PURCHASE_MODEL_{ours['purchaseModel']}"
    assert theirs["pricePerGpuHour"] == ours["pricePerGpuHour"]
    assert theirs["availability"]["state"].endswith(ours["availability"]["state"])
    assert theirs["observeTime"] == ours["observeTime"]


def test_a_repeated_get_gives_304(program: Program) -> None:
    _, headers, _ = program.get(QUERY)
    status, _, body = program.get(QUERY, **{"If-None-Match": headers["ETag"]})
    assert (status, body) == (304, None)


def test_pages_join_to_the_whole_list(program: Program) -> None:
    _, _, whole = program.get("/v1/offers?pageSize=1000")
    names, token = [], ""
    for _ in range(200):
        _, _, page = program.get(f"/v1/offers?pageSize=7&pageToken={token}")
        names += [offer["name"] for offer in page["offers"]]
        token = page["nextPageToken"]
        if not token:
            break
    assert names == [offer["name"] for offer in whole["offers"]]


@pytest.mark.parametrize(
    ("path", "status", "reason", "field"),
    [
        ("/v1/offers?gpuFamly=H100", 400, "UNKNOWN_FIELD", "gpuFamly"),
        ("/v1/offers?filter=gpu_famly%20%3D%20H100", 400, "BAD_FILTER", "filter"),
        ("/v1/offers?maxPricePerGpuHour=NaN", 400, "BAD_MONEY", "maxPricePerGpuHour"),
        ("/v1/offers?maxPricePerGpuHour=1e3", 400, "BAD_MONEY", "maxPricePerGpuHour"),
        ("/v1/offers?pageSize=-1", 400, "BAD_PAGE_SIZE", "pageSize"),
        ("/v1/offers?pageSize=x", 400, "BAD_FIELD", "pageSize"),
        ("/v1/offers?pageToken=abc", 400, "BAD_PAGE_TOKEN", "pageToken"),
        ("/v1/offers?gpuModel=h100x", 400, "UNKNOWN_GPU_MODEL", "gpuModel"),
        ("/v1/offers/%00", 400, None, None),
        ("/v1/offers/none-such", 404, "OFFER_NOT_FOUND", None),
        ("/v1/ofers", 404, "ROUTE_NOT_FOUND", None),
    ],
)
def test_bad_input_gets_a_problem_with_its_reason(
    program: Program, path: str, status: int, reason: str | None, field: str | None
) -> None:
    found, headers, problem = program.get(path)
    assert found == status
    assert headers["Content-Type"] == "application/problem+json"
    if reason:
        assert problem["reason"] == reason
    if field:
        assert field in [violation["field"].split("[")[0] for violation in problem["violations"]]
    assert "Traceback" not in json.dumps(problem)


def test_a_token_of_another_query_is_refused(program: Program) -> None:
    _, _, page = program.get("/v1/offers?pageSize=1")
    status, _, problem = program.get(f"/v1/offers?gpuFamily=H100&pageToken={page['nextPageToken']}")
    assert (status, problem["reason"]) == (400, "PAGE_TOKEN_MISMATCH")


@pytest.mark.parametrize(
    ("body", "status"), [(b"x" * 2_000_000, 413), (b"{", 400), (b"[" * 60_000, 400)]
)
def test_a_bad_body_is_refused(program: Program, body: bytes, status: int) -> None:
    request = urllib.request.Request(
        f"{program.rest}/v1/collectionRuns",
        data=body,
        headers={"Content-Type": "application/json"},
        method="POST",
    )
    found, headers, _ = _open(request)
    assert (found, headers["Content-Type"]) == (status, "application/problem+json")


def test_a_run_can_be_asked_for_and_followed(program: Program) -> None:
    request = urllib.request.Request(
        f"{program.rest}/v1/collectionRuns",
        data=b'{"provider": "providers/lambda"}',
        headers={"Content-Type": "application/json"},
        method="POST",
    )
    status, _, created = _open(request)
    while status == 503:  # on a busy machine the store may need a second try
        time.sleep(0.1)
        status, _, created = _open(request)
    assert status == 200, created
    name = created["collectionRun"]["name"]
    for _ in range(100):
        _, _, body = program.get(f"/v1/{name}")
        if body["collectionRun"]["state"] not in {"PENDING", "RUNNING"}:
            break
        time.sleep(0.1)
    assert body["collectionRun"]["state"] in {"SUCCEEDED", "PARTIAL"}
    assert body["collectionRun"]["offerCount"] > 0


def test_metrics_of_all_processes_are_on_one_port(program: Program) -> None:
    program.get(QUERY)
    with urllib.request.urlopen(program.metrics, timeout=5) as answer:
        text = answer.read().decode()
    assert "gpuquote_scrape_attempts_total" in text
    assert "http_server_request_duration_seconds" in text


def test_the_documentation_needs_no_internet(program: Program) -> None:
    with urllib.request.urlopen(f"{program.rest}/docs", timeout=5) as answer:
        page = answer.read().decode()
    assert "https://" not in page.replace("https://gpuquote", "")
    assert program.get("/openapi.json")[2]["openapi"].startswith("3.1")


def test_a_second_program_on_one_data_folder_refuses_politely(
    program: Program, pages: Path
) -> None:
    second = start(
        program.data_dir, free_ports(3), GPUQUOTE_REPLAY=str(pages), GPUQUOTE_PROVIDERS="all"
    )
    said, _ = second.process.communicate(timeout=20)
    assert second.process.returncode == 2
    assert len(said.splitlines()) == 1
    assert "in use by" in said


def test_a_taken_port_names_the_setting(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ports = [taken.getsockname()[1], *free_ports(2)]
        second = start(tmp_path, ports)
        said, _ = second.process.communicate(timeout=20)
    assert second.process.returncode == 2
    assert "GPUQUOTE_REST_PORT" in said


@pytest.mark.parametrize("broken", ["missing", "manifest"])
def test_a_replay_that_cannot_be_read_is_one_clear_line(tmp_path: Path, broken: str) -> None:
    folder = tmp_path / "pages"
    if broken == "manifest":
        folder.mkdir()
        (folder / "manifest.json").write_text("[{")
    second = start(tmp_path, free_ports(3), GPUQUOTE_REPLAY=str(folder))
    said, _ = second.process.communicate(timeout=20)
    assert second.process.returncode == 2
    assert len(said.splitlines()) == 1
    assert str(folder) in said


def test_changes_can_be_listed_and_watched_over_both_faces(program: Program) -> None:
    status, headers, page = program.get("/v1/changes?pageSize=3")
    assert status == 200
    assert headers["Cache-Control"] == "no-store"
    assert [change["kind"] for change in page["changes"]] == ["LISTED"] * 3
    assert page["more"]
    asked = {"cursor": page["nextCursor"], "pageSize": 2}
    over_grpc = grpc_answer(program, "gpuquote.v1.ChangeService/ListChanges", asked)
    over_rest = program.get(f"/v1/changes?pageSize=2&cursor={page['nextCursor']}")[2]
    assert [one["offer"] for one in over_grpc["changes"]] == [
        one["offer"] for one in over_rest["changes"]
    ]
    assert over_grpc["nextCursor"] == over_rest["nextCursor"]
    request = urllib.request.Request(
        f"{program.rest}/v1/changes:watch", headers={"Last-Event-ID": page["nextCursor"]}
    )
    with urllib.request.urlopen(request, timeout=10) as stream:
        assert stream.headers["Content-Type"].startswith("text/event-stream")
        lines = [stream.readline().decode().strip() for _ in range(6)]
    assert lines[:4] == ["retry: 5000", ": heartbeat", f"id: {page['nextCursor']}", ""]
    assert lines[4] == f"id: {over_rest['changes'][0]['cursor']}"
    assert lines[5] == "event: offer.listed"


def test_an_offer_is_looked_at_again_over_both_faces(program: Program) -> None:
    name = program.get("/v1/offers?provider=vultr&pageSize=1")[2]["offers"][0]["name"]
    request = urllib.request.Request(
        f"{program.rest}/v1/{name}:refresh",
        data=b'{"maxWait": "20s"}',
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        found = json.loads(answer.read())
    assert found["offer"]["name"] == name
    assert found["collectionRun"]["state"] in {"SUCCEEDED", "PARTIAL"}
    asked = {"name": name, "maxWait": "5s"}
    again = grpc_answer(program, "gpuquote.v1.CatalogService/RefreshOffer", asked)
    # Within a minute nobody has the provider read again.
    assert again["collectionRun"]["name"] == found["collectionRun"]["name"]


def test_an_unknown_setting_is_one_clear_line(tmp_path: Path) -> None:
    second = start(tmp_path, free_ports(3), GPUQUOTE_PROVIDER="lambda")
    said, _ = second.process.communicate(timeout=20)
    assert second.process.returncode == 2
    assert "did you mean GPUQUOTE_PROVIDERS" in said


def test_kill_9_of_everything_loses_no_published_snapshot(pages: Path, tmp_path: Path) -> None:
    environ = {"GPUQUOTE_REPLAY": str(pages), "GPUQUOTE_PROVIDERS": "lambda,vultr"}
    with running(tmp_path, **environ) as first:
        wait_for(first)
        before = {o["name"]: o["pricePerHour"] for o in first.get("/v1/offers")[2]["offers"]}
        assert before
        request = urllib.request.Request(
            f"{first.rest}/v1/collectionRuns",
            data=b'{"provider": "providers/lambda"}',
            headers={"Content-Type": "application/json"},
        )
        while _open(request)[0] == 503:  # on a busy machine the store may need a second try
            time.sleep(0.1)
        os.killpg(first.process.pid, signal.SIGKILL)
        first.process.wait()
        with running(tmp_path, **environ) as second:
            wait_for(second, collected=False)
            after = {o["name"]: o["pricePerHour"] for o in second.get("/v1/offers")[2]["offers"]}
            assert after == before
            assert stop(second)[0] == 0
    assert processes_of(tmp_path) == []


def test_a_store_out_of_reach_at_start_is_waited_for(tmp_path: Path) -> None:
    data_dir, store_dir = tmp_path / "data", tmp_path / "store"
    with open_embedded(store_dir) as server:
        url = server.url
    with running(data_dir, "gateway", GPUQUOTE_REDIS_URL=url) as program:
        status = 0
        for _ in range(100):
            try:
                status, _, body = program.get("/readyz")
                break
            except OSError:
                time.sleep(0.1)
        assert status == 503
        assert body["reasons"] == ["STORE_UNREACHABLE"]
        assert program.get("/healthz")[0] == 200
        with open_embedded(store_dir) as server:
            assert server.url == url
            wait_for(program, collected=False, seconds=20)
            assert program.get("/readyz")[2]["status"] == "degraded"
            assert program.get("/v1/offers?pageSize=1")[2]["offers"]
            assert stop(program)[0] == 0
