"""A price that jumps three-fold, through the whole program: held, shown, accepted, published."""

import json
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.service.test_up import PAGES, Program, grpc_answer, running, wait_for

pytestmark = pytest.mark.e2e

PAGE = "prices.prices.html"
BEFORE, AFTER = "2.79", "8.37"
BY = {"reviewer": "dana@example.com", "note": "Lambda's mail of Monday says so"}


def posted(program: Program, path: str, body: dict[str, str]) -> Any:
    """Post a body; a store that is slow on a busy machine is asked again."""
    request = urllib.request.Request(
        f"{program.rest}/v1/{path}",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    for _ in range(20):
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            if error.code != 503:
                raise
        time.sleep(0.1)
    raise AssertionError("the store did not come back")


def collected(program: Program) -> Any:
    """Have the provider read once more; return the run as it ended."""
    run = posted(program, "collectionRuns", {"provider": "providers/lambda"})["collectionRun"]
    for _ in range(100):
        if run["state"] not in {"PENDING", "RUNNING"}:
            return run
        time.sleep(0.05)
        run = program.get(f"/v1/{run['name']}")[2]["collectionRun"]
    raise AssertionError(f"{run['name']} did not end")


def wait_for_offer(program: Program, name: str, *, price: str, freshness: str) -> None:
    """Wait until an offer is served so: the service reads the store by and by."""
    for _ in range(100):
        found = program.get(f"/v1/{name}")[2]["offer"]
        if (found["pricePerGpuHour"]["amount"], found["freshness"]) == (price, freshness):
            return
        time.sleep(0.05)
    raise AssertionError(found)


def test_a_jump_is_held_until_a_person_accepts_it(tmp_path: Path) -> None:
    folder = tmp_path / "pages"
    folder.mkdir()
    for file in (PAGES / "lambda").iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    settings = {"GPUQUOTE_REPLAY": str(folder), "GPUQUOTE_PROVIDERS": "lambda"}
    with running(tmp_path / "data", **settings) as program:
        wait_for(program)
        _, _, page = program.get(f"/v1/offers?filter=price_per_gpu_hour={BEFORE}")
        (name,) = [one["name"] for one in page["offers"]]
        assert program.get("/v1/quarantinedOffers")[2]["quarantinedOffers"] == []

        text = (folder / PAGE).read_text()
        (folder / PAGE).write_text(text.replace(f"${BEFORE}", f"${AFTER}"))
        assert collected(program)["state"] == "SUCCEEDED"

        (held,) = program.get("/v1/quarantinedOffers?provider=lambda")[2]["quarantinedOffers"]
        assert (held["offer"], held["rule"], held["reason"]) == (name, "R2", "PRICE_JUMP")
        assert (held["lastAccepted"]["amount"], held["observed"]["amount"]) == (BEFORE, AFTER)
        assert (held["ratio"], held["state"]) == (3, "WAITING")
        assert f"${AFTER}" in held["rawText"]
        listed = grpc_answer(
            program, "gpuquote.v1.QuarantineService/ListQuarantinedOffers", {"provider": "lambda"}
        )
        assert [one["name"] for one in listed["quarantinedOffers"]] == [held["name"]]
        assert listed["quarantinedOffers"][0]["evidence"] == held["evidence"]
        provider = program.get("/v1/providers/lambda")[2]["provider"]
        assert "PRICE_JUMP" in {reject["reason"] for reject in provider["rejects"]}
        wait_for_offer(program, name, price=BEFORE, freshness="UNCONFIRMED")

        kept = posted(program, f"{held['name']}:accept", BY)["quarantinedOffer"]
        assert (kept["state"], kept["reviewer"]) == ("ACCEPTED", BY["reviewer"])
        assert kept["reviewNote"] == BY["note"]
        assert kept["reviewTime"] >= held["firstSeenTime"]
        # The acceptance has asked for a run.
        wait_for_offer(program, name, price=AFTER, freshness="FRESH")
        audit = program.get(f"/v1/{held['name']}")[2]["quarantinedOffer"]
        assert (audit["reviewer"], audit["reviewNote"]) == tuple(BY.values())
        assert program.get("/v1/quarantinedOffers")[2]["quarantinedOffers"] == []
