"""The registry of models, found by id or by the way that people write their names.

Writing varies in case, in separators and in what stands around a name: "meta-llama/Llama-3.1-8B",
"llama3.1:8b" and "llama 3.1 8b instruct" are one model. A name is therefore cut into tokens at
separators and where letters meet digits, a number and the letters that follow it staying together
("8b"). Two names are one when their tokens are; digits are never joined or dropped, so a name
cannot fall to another size or generation. What names several models, such as "llama 70b", names
none.
"""

import difflib
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from types import MappingProxyType

from service.domain.architecture import Model

_NEAREST = 3
# Nobody's name for a model is longer; a bound keeps the comparison with hostile text cheap.
_MAX_NAME = 120
_TOKEN = re.compile(
    r"[0-9]+x[0-9]+(?:\.[0-9]+)?[a-z]+"  # 8x7b
    r"|[0-9]+(?:\.[0-9]+)?[a-z]+"  # 8b, 1.4b, 4k
    r"|[0-9]+(?:\.[0-9]+)*"  # 3, 3.1
    r"|[a-z]+",
    re.ASCII,
)
# What was done to a model after its pre-training changes none of its sizes.
_VARIANTS = frozenset({"instruct", "chat", "hf", "it", "base", "deduped"})

_Key = tuple[str, ...]


class ModelRegistry:
    """All known models."""

    def __init__(self, models: Iterable[Model]) -> None:
        """Learn the names of all models. Raises ValueError for a name that two of them have."""
        self.models = tuple(sorted(models, key=lambda model: model.model_id))
        self.by_id = MappingProxyType({model.model_id: model for model in self.models})
        self.families = frozenset(model.family for model in self.models)
        self.publishers = frozenset(model.publisher for model in self.models)
        if len(self.by_id) != len(self.models):
            raise ValueError("two models have one id")
        self._by_key: dict[_Key, Model] = {}
        self._tokens: dict[str, tuple[_Key, ...]] = {}
        for model in self.models:
            self._learn(model)

    def find(self, text: str) -> Model | None:
        """Return the model that a name means; None when it means none, or more than one."""
        tokens = _tokens_of(text)
        while tokens:
            model = self._by_key.get(_key(tokens))
            if model is not None:
                return model
            if tokens[-1] not in _VARIANTS:
                return None
            tokens = tokens[:-1]
        return None

    def nearest(self, text: str) -> tuple[str, ...]:
        """Return up to three ids that the text may mean, for error messages.

        Those that have every word of it come first, then those that are written alike.
        """
        having = (model.model_id for model in self.search(text)) if text.strip() else ()
        wanted = "-".join(_tokens_of(text))
        spelled = {"-".join(_tokens_of(model_id)): model_id for model_id in self.by_id}
        alike = difflib.get_close_matches(wanted, spelled, n=_NEAREST, cutoff=0.5)
        found = dict.fromkeys((*_most_alike(wanted, having), *(spelled[name] for name in alike)))
        return tuple(found)[:_NEAREST]

    def search(
        self,
        query: str = "",
        *,
        families: Collection[str] = (),
        publishers: Collection[str] = (),
        min_params: int = 0,
        max_params: int = 0,
    ) -> tuple[Model, ...]:
        """Return the models, by id, that have each word of the query in their names.

        An empty collection and a bound of 0 leave the choice open.
        """
        words = [_tokens_of(word) for word in query.split()]
        return tuple(
            model
            for model in self.models
            if (not families or model.family in families)
            and (not publishers or model.publisher in publishers)
            and model.architecture.params >= min_params
            and (not max_params or model.architecture.params <= max_params)
            and all(self._has(model, word) for word in words)
        )

    def _learn(self, model: Model) -> None:
        names = (model.model_id, model.display_name, *model.aliases)
        self._tokens[model.model_id] = tuple(_tokens_of(name) for name in names)
        for name in names:
            for key in _keys(name):
                if self._by_key.setdefault(key, model) is not model:
                    other = self._by_key[key].model_id
                    raise ValueError(f"{name!r} of {model.model_id} also names {other}")

    def _has(self, model: Model, word: _Key) -> bool:
        return bool(word) and any(
            _contains(name, word) for name in (*self._tokens[model.model_id], (model.family,))
        )


def _tokens_of(text: str) -> _Key:
    """Cut a name into tokens; () for what can be none.

    One leading "organisation/" is dropped. Letters beyond ASCII make a name unreadable: a Cyrillic
    look-alike is no model.
    """
    plain = unicodedata.normalize("NFKC", text[: _MAX_NAME + 1]).casefold().strip()
    head, _, rest = plain.partition("/")
    name = rest or head
    is_readable = all(char.isascii() or not char.isalnum() for char in name)
    if len(text) > _MAX_NAME or "/" in name or not is_readable:
        return ()
    return tuple(_TOKEN.findall(name))


def _key(tokens: _Key) -> _Key:
    """Join letters that stand side by side: "gpt-oss" and "gptoss" are one word."""
    joined: list[str] = []
    for token in tokens:
        if joined and token.isalpha() and joined[-1].isalpha():
            joined[-1] += token
        else:
            joined.append(token)
    return tuple(joined)


def _keys(name: str) -> Iterator[_Key]:
    """Yield what a name may be looked up by: as it is, and with its version's dot as a hyphen."""
    tokens = _tokens_of(name)
    yield _key(tokens)
    split = (part for token in tokens for part in _version_parts(token))
    yield _key(tuple(split))


def _version_parts(token: str) -> list[str]:
    return [token] if token[-1].isalpha() else token.split(".")


def _contains(name: _Key, word: _Key) -> bool:
    """Say whether the tokens of a word stand side by side in a name."""
    places = range(len(name) - len(word) + 1)
    return any(name[place : place + len(word)] == word for place in places)


def _most_alike(wanted: str, model_ids: Iterable[str]) -> list[str]:
    return sorted(
        model_ids,
        key=lambda model_id: (-difflib.SequenceMatcher(None, wanted, model_id).ratio(), model_id),
    )
