"""The listed offers of a snapshot as calculators read them: those that are charged alike adjoin.

What depends on the snapshot alone is laid out here once: which shape a row has, what a node of it
costs, and lots. A lot is a run of rows that differ in place, stock and price, but are charged by
the same rules, so whatever is not a price is worked out for a few lots instead of for every row.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import reduce
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from service.catalog.columns import CURRENCY, NOT_STATED, Mask, Rows
from service.catalog.snapshot import RowView, Snapshot
from service.domain.offer import Fabric
from service.domain.offer_fields import FIELDS
from service.market.need import Shape

NANOS = 10**9

# An HGX or OAM board, and what servers of PCIe cards usually hold: a cluster that is sold by a
# larger least number of GPUs is made of nodes of this size, as no source says otherwise.
_LARGEST_NODE_OF_SINGLES = 8
_CHARGED_BY = (
    "provider", "purchase_model", "billing_increment", "min_term", "max_term", "commitment_term",
    "minimum_charge", "minimum_charge" + CURRENCY,
    "egress_price_per_gb", "egress_price_per_gb" + CURRENCY,
    "storage_price_per_gb_month", "storage_price_per_gb_month" + CURRENCY,
)  # fmt: skip
_BY_ROW = (
    "provider", "purchase_model", "region_code", "country_code", "delivery_model", "trust",
    "availability", "freshness", "observe_time",
    "fabric_gbps_per_gpu",
)  # fmt: skip
_UNJOINED = frozenset({Fabric.NONE, Fabric.NOT_STATED})
_MOST_CODES = 2**40
_MOST_INT16 = 2**15

_Kind = TypeVar("_Kind", bound=np.generic)


class Sheet:
    """Listed rows by GPU model, shape, rules of charging, and then by name.

    Arrays by place: `rows` has the number of the row in the snapshot, `node_nanos` what one node
    costs for an hour in nano-dollars, `is_slice` whether it is less than a GPU, `joined_gpus` how
    many GPUs of several nodes are known to be there, `lot_of` the lot. Arrays by lot: `first` has
    its first place (`first[-1]` is behind the last one), `gpu_model` the index into `gpu_models`,
    `gpus_per_node` the size of a node (0 of slices), `least_nodes` the fewest that are sold,
    `shape_of` the index into `shapes`.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        rows = np.flatnonzero(snapshot.column("delisted").values == 0)
        gpus = _whole(snapshot.column("gpu_count").values[rows])
        least = _whole(snapshot.column("min_gpu_count").values[rows])
        node = _node_size(gpus, least)
        gpu_model = snapshot.column("gpu_model")
        rules = (snapshot.column(name).values[rows] for name in _CHARGED_BY)
        least_nodes = -(-least // np.maximum(node, 1))
        lot_of = _numbered((gpu_model.values[rows], node, least_nodes, *rules))
        order = np.argsort(_narrow(lot_of), kind="stable")
        self.rows: Rows = rows[order]
        self.lot_of: NDArray[np.int32] = lot_of[order].astype(np.int32)
        lot_count = int(self.lot_of[-1]) + 1 if rows.size else 0
        self.first: Rows = np.searchsorted(self.lot_of, np.arange(lot_count + 1))
        heads = order[self.first[:-1]]
        self.gpu_models = tuple(gpu_model.words or ())
        self.gpu_model: NDArray[np.int32] = gpu_model.values[rows[heads]]
        self.gpus_per_node: NDArray[np.int64] = node[heads]
        self.least_nodes: NDArray[np.int64] = np.maximum(least_nodes[heads], 1)
        # Lots are in the order of GPU models and sizes, so a shape begins where either changes.
        begins = np.ones(lot_count, np.bool_)
        begins[1:] = np.diff(self.gpu_model).astype(np.bool_) | np.diff(self.gpus_per_node).astype(
            np.bool_
        )
        self.shape_of: Rows = np.cumsum(begins) - 1
        self.shapes = tuple(map(self._shape, np.flatnonzero(begins).tolist()))
        prices = snapshot.column("price_per_hour").values[self.rows]
        self.is_slice: Mask = (node == 0)[order]
        self.node_nanos: NDArray[np.int64] = prices * (node // np.maximum(gpus, 1))[order]
        self.joined_gpus = _joined_gpus(snapshot, self.rows)
        # Nothing here leads back to the snapshot: the sheet is kept for as long as it is.
        by_row = {name: snapshot.column(name) for name in _BY_ROW}
        by_lot = {name: snapshot.column(name) for name in ("gpu_model", *_CHARGED_BY)}
        self._columns = {name: column.values[self.rows] for name, column in by_row.items()}
        first_rows = self.rows[self.first[:-1]]
        self._rules = {name: column.values[first_rows] for name, column in by_lot.items()}
        self._stated = {
            name for name, values in self._rules.items() if (values != NOT_STATED).any()
        }
        self._words = {
            name: tuple(column.words)
            for name, column in (by_row | by_lot).items()
            if column.words is not None
        }

    def column(self, name: str) -> NDArray[Any]:
        """Return the values of a column by place."""
        return self._columns[name]

    def words(self, name: str) -> tuple[str, ...]:
        """Return the words that a column of text points into."""
        return self._words[name]

    def rule(self, name: str) -> NDArray[Any]:
        """Return the values of a column that is the same throughout a lot, by lot."""
        return self._rules[name]

    def states(self, name: str) -> bool:
        """Tell whether any offer states a field, which is the same throughout a lot."""
        return name in self._stated

    def span(self, gpu_model: str) -> slice:
        """Return the places of one GPU model; none for one that nobody offers."""
        if gpu_model not in self.gpu_models:
            return slice(0, 0)
        code = self.gpu_models.index(gpu_model)
        begin, end = np.searchsorted(self.gpu_model, (code, code + 1))
        return slice(int(self.first[begin]), int(self.first[end]))

    def place_of(self, row: int) -> int:
        """Return the place of a listed row. Raises IndexError for any other."""
        return int(np.flatnonzero(self.rows == row)[0])

    def _shape(self, lot: int) -> Shape:
        return Shape(
            gpu_model=self.gpu_models[self.gpu_model[lot]],
            gpus_per_node=int(self.gpus_per_node[lot]),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pick:
    """Some rows of a sheet: their places `at`, ascending, and the lots that they are of.

    `counts` says how many rows each of `lots` has among them, `starts` where these begin in `at`.
    """

    sheet: Sheet
    at: Rows
    lots: Rows
    starts: Rows
    counts: Rows

    @classmethod
    def of(cls, sheet: Sheet, at: Rows) -> "Pick":
        """Pick the rows at these places."""
        lot_of = sheet.lot_of[at]
        begins = np.ones(at.size, np.bool_)
        np.not_equal(lot_of[1:], lot_of[:-1], out=begins[1:])
        starts = np.flatnonzero(begins)
        counts = np.diff(starts, append=at.size)
        return cls(
            sheet=sheet, at=at, lots=lot_of[starts].astype(np.intp), starts=starts, counts=counts
        )

    def where(self, mask: Mask) -> "Pick":
        """Pick those of the rows for which the mask holds."""
        return self if mask.all() else Pick.of(self.sheet, self.at[mask])

    def spread(self, values: NDArray[_Kind]) -> NDArray[_Kind]:
        """Turn one value for each of `lots` into one for each row."""
        return np.repeat(values, self.counts)

    def column(self, name: str) -> NDArray[Any]:
        """Return the values of a column, by row."""
        return self.sheet.column(name)[self.at]

    def rule(self, name: str) -> NDArray[Any]:
        """Return the values of a column that is the same throughout a lot, for each of `lots`."""
        return self.sheet.rule(name)[self.lots]

    def lot(self, number: int) -> int:
        """Return the index in `lots` of a row, by its number in `at`."""
        return int(np.searchsorted(self.starts, number, side="right")) - 1


# Snapshots of the same offers share their rows, and so their sheet.
_SHEETS: WeakKeyDictionary[RowView, Sheet] = WeakKeyDictionary()


def sheet_of(snapshot: Snapshot) -> Sheet:
    """Return the sheet of a snapshot, made when it is first asked for.

    Two threads that race for it make equal ones.
    """
    found = _SHEETS.get(snapshot.rows)
    if found is None:
        found = _SHEETS[snapshot.rows] = Sheet(snapshot)
    return found


def is_any_of(values: NDArray[np.int8], field: str, wanted: Collection[str]) -> Mask:
    """Tell which values of an enum's column are among those that are wanted."""
    # A comparison for each is several times faster than looking every value up in a table.
    members = FIELDS[field].members
    masks = (values == members.index(member) for member in sorted(wanted))
    return reduce(np.logical_or, masks, np.zeros(values.shape, np.bool_))


def _whole(nanos: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return whole numbers; 0 for what is none, and where nothing is stated."""
    whole, rest = np.divmod(nanos, NANOS)
    return np.where((rest == 0) & (nanos != NOT_STATED), whole, 0)


def _node_size(gpus: NDArray[np.int64], least: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the GPUs of a node: those of the offer, or the least number that is sold."""
    wanted = np.clip(least, 1, _LARGEST_NODE_OF_SINGLES)
    return gpus * -(-wanted // np.maximum(gpus, 1))


def _joined_gpus(snapshot: Snapshot, rows: Rows) -> NDArray[np.int32]:
    """Return the GPUs, free now or in one cluster, that a stated fabric joins; else 0."""
    fabric = snapshot.column("fabric").values[rows]
    free = _whole(snapshot.column("available_gpu_count").values[rows])
    most = _whole(snapshot.column("max_cluster_gpu_count").values[rows])
    joined = np.where(is_any_of(fabric, "fabric", _UNJOINED), 0, np.maximum(free, most))
    return np.minimum(joined, np.iinfo(np.int32).max).astype(np.int32)


def _numbered(columns: Iterable[NDArray[Any]]) -> NDArray[np.intp]:
    """Return numbers in the order of the values, column after column; equal rows have one."""
    numbers: NDArray[Any] | None = None
    count = 1
    for values in columns:
        if numbers is None:
            numbers = np.zeros(values.shape, np.intp)
        if not values.size or (values == values[0]).all():
            continue
        words, codes = np.unique(values, return_inverse=True)
        numbers, count = numbers * len(words) + codes, count * len(words)
        if count > _MOST_CODES:
            found, numbers = np.unique(numbers, return_inverse=True)
            count = len(found)
    if numbers is None:
        raise ValueError("rows are numbered by one column at least")
    return np.unique(numbers, return_inverse=True)[1]


def _narrow(numbers: NDArray[np.intp]) -> NDArray[Any]:
    # numpy sorts 16 bits in linear time.
    small = not numbers.size or int(numbers.max()) < _MOST_INT16
    return numbers.astype(np.int16) if small else numbers
