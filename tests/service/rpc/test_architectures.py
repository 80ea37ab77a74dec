"""The model of a request: by any of its names, or by sizes that are completed."""

from dataclasses import replace
from typing import Any

import pytest

from service.domain.errors import InvalidRequest, Reason
from service.rpc.workloads import read_estimate_training
from tests.fakes import MODELS
from tests.service.rpc.asking import (
    KNOWN,
    assumed,
    faults_of,
    training,
    training_request,
    violations_of,
)

BAD: list[tuple[dict[str, Any], str, Reason]] = [
    ({"model": None}, "model", Reason.FIELD_REQUIRED),
    ({"architecture": {"params": "7"}}, "model", Reason.BAD_FIELD),
    ({"model": "llama-4-9b"}, "model", Reason.UNKNOWN_MODEL),
    ({"model": "x" * 5000}, "model", Reason.UNKNOWN_MODEL),
    ({"model": None, "architecture": {}}, "architecture.params", Reason.FIELD_REQUIRED),
    *(
        ({"model": None, "architecture": {"params": "8030261248"} | sizes}, field, Reason.BAD_FIELD)
        for sizes, field in (
            ({"params": str(10**15 + 1)}, "architecture.params"),
            ({"params": "-1"}, "architecture.params"),
            ({"layers": -1}, "architecture.layers"),
            ({"layers": 2**31 - 1}, "architecture.layers"),
            ({"hiddenSize": 4096, "heads": 33}, "architecture.heads"),
            ({"heads": 32, "kvHeads": 5}, "architecture.kv_heads"),
            ({"activeParams": str(10**12)}, "architecture.active_params"),
            ({"experts": 8}, "architecture.experts_per_token"),
            ({"latentKvRank": 512}, "architecture.latent_kv_rank"),
            ({"attention": "ATTENTION_KIND_MLA"}, "architecture.latent_kv_rank"),
            ({"attention": 77}, "architecture.attention"),
            ({"kind": "MODEL_KIND_DIFFUSION"}, "architecture.kind"),
            ({"kind": 77}, "architecture.kind"),
        )
    ),
]


@pytest.mark.parametrize(("fields", "field", "reason"), BAD)
def test_a_bad_model_is_refused_by_field_and_reason(
    fields: dict[str, Any], field: str, reason: Reason
) -> None:
    assert violations_of(training, **fields) == [(field, reason)]


def test_an_unknown_model_names_the_three_nearest() -> None:
    found = faults_of(training, model="models/llama-3.1-7b")
    assert found.reason is Reason.UNKNOWN_MODEL
    assert "nearest: 'llama-3.1-70b', 'llama-3.1-8b'" in found.detail
    assert found.metadata["nearest"].split(",")[:2] == ["llama-3.1-70b", "llama-3.1-8b"]
    assert found.metadata["model"] == "llama-3.1-7b"


@pytest.mark.parametrize(
    "text", ["llama-3.1-70b", "models/llama-3.1-70b", "Meta-Llama-3.1-70B-Instruct"]
)
def test_a_model_goes_by_id_name_and_alias(text: str) -> None:
    assert training(model=text).workload.model_id == "llama-3.1-70b"


def test_sizes_that_were_inferred_are_told_one_by_one() -> None:
    question = training(model=None, architecture={"params": "175000000000", "layers": 96})
    told = {name for name in assumed(question) if name.startswith("architecture.")}
    inferred = question.workload.architecture.inferred
    assert len(told) == len(inferred)
    assert "architecture.hiddenSize" in told
    assert "architecture.layers" not in told
    assert assumed(question)["sequenceLength"] == "2048 tokens"
    assert question.workload.model_id == ""


def test_a_diffusion_model_without_its_flops_cannot_be_estimated() -> None:
    bare = replace(MODELS.by_id["stable-diffusion-1.5"], flops_per_step=None)
    known = replace(KNOWN, models=type(MODELS)((bare,)))
    with pytest.raises(InvalidRequest, match="FLOPs of a denoising step"):
        read_estimate_training(
            training_request(model="stable-diffusion-1.5", tokens=None, images=5), known
        )
