"""The published measurements that are near to what was asked, and how much they move an estimate.

Rows count as near when the architecture, the GPU and the weights' format are the same. Their
distance d is that of the logarithms of batch, GPUs of a replica, input and output tokens; another
engine is `OTHER_ENGINE` away. With k = exp(-d / scale) the estimate moves by the logarithm

    sum(k * ln(measured / predicted)) / (prior + sum(k))

which is Nadaraya and Watson's regression (1964) with `prior` for "as predicted". A mean over rows
and not the nearest alone, so that an estimate never jumps where another row becomes the nearest.
Scale and prior are fitted leaving each row out.
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
    """The rows of one architecture, GPU and format; `penalties` are their engines' distances.

    Points have shape (points, 4), see `place`.
    """

    rows: tuple[MeasuredServing, ...]
    places: Floats
    penalties: Floats

    def pull(self, here: Floats, *, scale: float, prior: float) -> tuple[Floats, Floats]:
        """Return how far, in logarithms, the points move, and the weight of all rows, 0 to 1."""
        nearness = np.exp(-self._distances(here) / scale)
        together = prior + nearness.sum(axis=1)
        log_ratios = np.log([row.ratio for row in self.rows])
        return nearness @ log_ratios / together, 1 - prior / together

    def nearest(self, here: Floats, *, scale: float, prior: float) -> tuple[MeasuredServing, float]:
        """Return the row that is nearest to one point, shape (1, 4), and its own weight."""
        nearness = np.exp(-self._distances(here)[0] / scale)
        index = int(np.argmax(nearness))
        return self.rows[index], float(nearness[index] / (prior + nearness.sum()))

    def _distances(self, here: Floats) -> Floats:
        gaps = here[:, None, :] - self.places[None, :, :]
        squares = np.einsum("prd,prd->pr", gaps, gaps)
        return np.asarray(np.sqrt(squares) + self.penalties, dtype=np.float64)


class ServingIndex:
    """Measured rows by architecture, GPU and format."""

    def __init__(self, rows: Iterable[MeasuredServing]) -> None:
        grouped: dict[_Key, list[MeasuredServing]] = {}
        for row in rows:
            key = (row.architecture_key, row.gpu_model_id, row.precision)
            grouped.setdefault(key, []).append(row)
        self._groups: Mapping[_Key, tuple[tuple[MeasuredServing, ...], Floats]] = MappingProxyType(
            {key: (tuple(group), places_of(map(_sizes, group))) for key, group in grouped.items()}
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


def places_of(sizes: Iterable[tuple[float, float, int, int]]) -> Floats:
    """Return one point a row, from its batch, GPUs, input and output tokens."""
    return np.array(
        [
            place(
                batch=np.array(batch),
                gpus=np.array(gpus),
                input_tokens=input_tokens,
                output_tokens=output_tokens,
            )
            for batch, gpus, input_tokens, output_tokens in sizes
        ]
    )


def _sizes(row: MeasuredServing) -> tuple[float, float, int, int]:
    return row.batch, row.gpus, row.input_tokens, row.output_tokens


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
