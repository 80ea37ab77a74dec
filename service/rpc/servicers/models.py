"""ModelService, models: the registry, listed and looked up by any name that people use."""

import hashlib
from collections.abc import Collection

from gpuquote.v1 import model_service_pb2 as pb

from service.catalog.paging import PageTokenSigner
from service.domain.errors import InvalidRequest, Reason, Violation
from service.domain.models import ModelRegistry
from service.rpc import caching
from service.rpc.call import Answer
from service.rpc.faults import Faults, nearest_of, not_found, shown, unknown_text
from service.rpc.model_convert import model_to_proto
from service.rpc.names import MAX_SHOWN, MODELS
from service.rpc.pages import cursor_of, page_of
from service.rpc.requests import read_each, read_page_size, unknown_metadata
from service.rpc.source import Source

MAX_QUERY = 200


class ModelsServicer:
    """Converts, asks the registry, converts back. It is the same for as long as the program runs.

    `source` is only asked which revision of the catalogue an answer stands beside.
    """

    def __init__(self, source: Source, *, models: ModelRegistry, signer: PageTokenSigner) -> None:
        self._source = source
        self._models = models
        self._signer = signer
        self._revision = _revision_of(models)

    def list_models(self, request: pb.ListModelsRequest) -> Answer:
        """Answer ListModels, by id."""
        faults = Faults()
        page_size = read_page_size(request.page_size, faults)
        families = _read_choices("family", request.family, self._models.families, faults)
        publishers = _read_choices("publisher", request.publisher, self._models.publishers, faults)
        _check_params(request, faults)
        if len(request.query) > MAX_QUERY:
            description = f"{len(request.query)} characters; at most {MAX_QUERY}"
            faults.add("query", description, metadata={"limit": str(MAX_QUERY)})
        after = cursor_of(request, request.page_token, self._signer, faults)
        faults.raise_if_any()
        found = self._models.search(
            request.query,
            families=families,
            publishers=publishers,
            min_params=request.min_params,
            max_params=request.max_params,
        )
        page = page_of(
            [model.model_id for model in found],
            request=request,
            after=after,
            page_size=page_size,
            signer=self._signer,
            revision=self._revision,
        )
        message = pb.ListModelsResponse(
            models=[model_to_proto(self._models.by_id[model_id]) for model_id in page.ids],
            next_page_token=page.next_page_token,
        )
        return self._answer(message)

    def get_model(self, request: pb.GetModelRequest) -> Answer:
        """Answer GetModel."""
        text = _text_of(request.name)
        model = self._models.find(text)
        if model is None:
            nearest = self._models.nearest(text)
            raise not_found(Reason.MODEL_NOT_FOUND, "model", request.name[:MAX_SHOWN], nearest)
        return self._answer(pb.GetModelResponse(model=model_to_proto(model)))

    def _answer(self, message: pb.ListModelsResponse | pb.GetModelResponse) -> Answer:
        metadata = caching.of_facts(self._source.current(), self._revision)
        return Answer(message, metadata=metadata)


def _text_of(name: str) -> str:
    """Return what stands behind "models/". Raises InvalidRequest (BAD_NAME)."""
    head, _, text = name.partition("/")
    if head != MODELS or not text.strip():
        description = f"{shown(name)} is not of the form {MODELS}/{{model}}"
        violation = Violation("name", description, Reason.BAD_NAME, {"name": name[:MAX_SHOWN]})
        raise InvalidRequest.of((violation,))
    return text


def _read_choices(
    field: str, given: Collection[str], known: Collection[str], faults: Faults
) -> tuple[str, ...]:
    """Return the values in the registry's spelling; unknown ones go to `faults`."""
    spellings = {word.lower(): word for word in known}

    def read(text: str) -> str | None:
        word = spellings.get(text.strip().lower())
        if word is None:
            nearest = nearest_of(text, sorted(known))
            faults.add(
                field,
                unknown_text(text, f"{field} of models", nearest),
                metadata=unknown_metadata(field, text, nearest),
            )
        return word

    return read_each(field, given, read, faults)


def _check_params(request: pb.ListModelsRequest, faults: Faults) -> None:
    for field, bound in (("min_params", request.min_params), ("max_params", request.max_params)):
        if bound < 0:
            faults.add(field, f"{bound} is negative", metadata={"params": str(bound)})
    if 0 < request.max_params < request.min_params:
        faults.add(
            "max_params",
            f"{request.max_params} is below min_params, {request.min_params}",
            metadata={
                "minParams": str(request.min_params),
                "maxParams": str(request.max_params),
            },
        )


def _revision_of(models: ModelRegistry) -> str:
    digest = hashlib.blake2b(digest_size=8)
    for model in models.models:
        digest.update(model_to_proto(model).SerializeToString(deterministic=True))
    return digest.hexdigest()
