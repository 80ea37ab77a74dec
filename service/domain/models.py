"""The registry of models, found by id or by the way that people write their names."""

import difflib
from collections.abc import Iterable
from types import MappingProxyType

from service.domain.architecture import Model

_NEAREST = 3


class ModelRegistry:
    """All known models."""

    def __init__(self, models: Iterable[Model]) -> None:
        self.models = tuple(sorted(models, key=lambda model: model.model_id))
        self.by_id = MappingProxyType({model.model_id: model for model in self.models})
        if len(self.by_id) != len(self.models):
            raise ValueError("two models have one id")
        self._by_name = {
            folded(name): model
            for model in self.models
            for name in (model.model_id, model.display_name, *model.aliases)
        }

    def find(self, text: str) -> Model | None:
        """Return the model that a name means; None when there is none."""
        return self._by_name.get(folded(text))

    def nearest(self, text: str) -> tuple[str, ...]:
        """Return up to three ids that look like `text`, for error messages."""
        return tuple(difflib.get_close_matches(folded(text), self.by_id, n=_NEAREST, cutoff=0.3))


def folded(name: str) -> str:
    """Return a name in small letters, spaces and underscores as hyphens."""
    return name.strip().lower().replace(" ", "-").replace("_", "-")
