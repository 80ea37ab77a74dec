"""The published measurement that is nearest to what was asked, and how much it moves an estimate.

Rows count as near when the architecture, the GPU and the weights' format are the same. Their
distance is that of the logarithms of batch, GPUs of a replica, input and output tokens; another
engine is `OTHER_ENGINE` away. The estimate moves towards the row's measured over predicted ratio
by a weight that falls with the distance. Weight and scale are fitted leaving each row out.
"""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from service.domain.accelerator import Accelerator
from service.domain.architecture import Architecture
from service.domain.precision import Precision
from service.domain.workload import Engine

_SERVING_PATH = Path(__file__).parents[1] / "facts" / "measured_serving.csv"
OTHER_ENGINE = 1.0

Floats = NDArray[np.float64]
_Key = tuple[str, str, Precision]


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredServing:
    """One published measurement of a replica.

    `batch` is the concurrency as far as the memory holds it. `output_per_second` are tokens of the
    replica, times are None where the source has none. `ratio` is measured over predicted by the
    bundled constants.
    """

    row_id: str
    model_id: str
    architecture_key: str
    gpu_model_id: str
    precision: Precision
    engine: Engine
    regime: str
    batch: float
    gpus: int
    input_tokens: int
    output_tokens: int
    output_per_second: float
    time_to_first_token_ms: float | None
    time_per_output_token_ms: float | None
    ratio: float
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours:
    """The rows of one architecture, GPU and format, as far from an engine."""

    rows: tuple[MeasuredServing, ...]
    places: Floats
    penalties: Floats

    def nearest(self, here: Floats) -> tuple[NDArray[np.intp], Floats]:
        """Return index and distance of the row that is nearest to each of the points.

        `here` has shape (points, 4), see `place`.
        """
        gaps = here[:, None, :] - self.places[None, :, :]
        distances = np.sqrt(np.einsum("prd,prd->pr", gaps, gaps)) + self.penalties
        indices = np.argmin(distances, axis=1)
        return indices, np.take_along_axis(distances, indices[:, None], axis=1)[:, 0]

    def ratios(self, indices: NDArray[np.intp]) -> Floats:
        """Return measured over predicted of rows."""
        return np.array([row.ratio for row in self.rows])[indices]


class ServingIndex:
    """Measured rows by architecture, GPU and format."""

    def __init__(self, rows: Iterable[MeasuredServing]) -> None:
        grouped: dict[_Key, list[MeasuredServing]] = {}
        for row in rows:
            key = (row.architecture_key, row.gpu_model_id, row.precision)
            grouped.setdefault(key, []).append(row)
        self._groups: Mapping[_Key, tuple[tuple[MeasuredServing, ...], Floats]] = MappingProxyType(
            {key: (tuple(group), places_of(group)) for key, group in grouped.items()}
        )

    def find(
        self,
        architecture: Architecture,
        accelerator: Accelerator,
        *,
        precision: Precision,
        engine: Engine,
    ) -> Neighbours | None:
        """Return the rows that count as near; None where nobody measured this model so."""
        key = (architecture_key(architecture), accelerator.gpu_model_id, precision)
        found = self._groups.get(key)
        if found is None:
            return None
        rows, places = found
        penalties = OTHER_ENGINE * np.array([float(row.engine is not engine) for row in rows])
        return Neighbours(rows=rows, places=places, penalties=penalties)


@cache
def load_serving_index(path: Path = _SERVING_PATH) -> ServingIndex:
    """Read the measured serving points, once in a process."""
    with path.open(encoding="utf-8", newline="") as file:
        return ServingIndex(_serving(cells) for cells in csv.DictReader(file, strict=True))


def architecture_key(architecture: Architecture) -> str:
    """Name an architecture by its sizes: siblings such as Llama 3.1 and 3.3 70B are one."""
    return f"{architecture.layers}/{architecture.hidden_size}/{architecture.params}"


def place(*, batch: Floats, gpus: Floats, input_tokens: int, output_tokens: int) -> Floats:
    """Return the points that distances are measured from: four logarithms in the last axis."""
    sizes = (batch, gpus, np.array(max(input_tokens, 1)), np.array(max(output_tokens, 1)))
    return np.log(np.stack(np.broadcast_arrays(*sizes), axis=-1).astype(np.float64))


def places_of(rows: Iterable[MeasuredServing]) -> Floats:
    """Return one point a row."""
    return np.array(
        [
            place(
                batch=np.array(row.batch),
                gpus=np.array(row.gpus),
                input_tokens=row.input_tokens,
                output_tokens=row.output_tokens,
            )
            for row in rows
        ]
    )


def _serving(cells: Mapping[str, str]) -> MeasuredServing:
    return MeasuredServing(
        row_id=cells["id"],
        model_id=cells["model"],
        architecture_key=cells["architecture"],
        gpu_model_id=cells["gpu"],
        precision=Precision(cells["precision"]),
        engine=Engine(cells["engine"]),
        regime=cells["regime"],
        batch=float(cells["batch"]),
        gpus=int(cells["gpus"]),
        input_tokens=int(cells["input_tokens"]),
        output_tokens=int(cells["output_tokens"]),
        output_per_second=float(cells["output_per_second"]),
        time_to_first_token_ms=float(cells["ttft_ms"]) if cells["ttft_ms"] else None,
        time_per_output_token_ms=float(cells["tpot_ms"]) if cells["tpot_ms"] else None,
        ratio=float(cells["ratio"]),
        source=cells["source"],
    )
