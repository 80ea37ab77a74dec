"""One input at a time: how far each moves the answer, and where it turns."""

from dataclasses import dataclass

from service.build_vs_buy.inputs import Inputs, OptionKind, figures_by_field, figures_of
from service.build_vs_buy.limits import Limits, limits_of
from service.build_vs_buy.options import flows_of, npv_of, npvs
from service.build_vs_buy.root import root
from service.build_vs_buy.sample import BASE, Sample, one_at_a_time
from service.build_vs_buy.scene import scene_of
from service.domain.figure import Figure

_ROOT_TOLERANCE = 1e-9
_LOOKED_AT = 6
_REACH_FACTOR = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Swing:
    """What one input does: by how much `ahead` is cheaper than `behind` at its low and high."""

    figure: Figure
    at_low: float
    at_high: float

    @property
    def size(self) -> float:
        """The length of the bar."""
        return abs(self.at_high - self.at_low)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """The value of one input, all others at their base, at which two options cost the same."""

    figure: Figure
    value: float

    @property
    def is_within_range(self) -> bool:
        """Whether the input may well have this value."""
        return self.figure.low <= self.value <= self.figure.high


def tornado(inputs: Inputs, *, ahead: OptionKind, behind: OptionKind) -> tuple[Swing, ...]:
    """Return every uncertain input, the most influential first."""
    uncertain = tuple(figure for figure in figures_of(inputs) if figure.low < figure.high)
    values = npvs(inputs, one_at_a_time(uncertain))
    difference = values[ahead] - values[behind]
    swings = (
        Swing(
            figure=figure,
            at_low=float(difference[1 + 2 * at]),
            at_high=float(difference[2 + 2 * at]),
        )
        for at, figure in enumerate(uncertain)
    )
    return tuple(sorted(swings, key=lambda swing: -swing.size))


def flips(
    inputs: Inputs,
    swings: tuple[Swing, ...],
    *,
    ahead: OptionKind,
    behind: OptionKind,
    most: int = 2,
) -> tuple[Flip, ...]:
    """Return the inputs that turn the comparison, at most so many.

    Those that do within their range come first, by influence; then those that do beyond it, of the
    most influential, the rent and the utilisation, which every reader can argue about.
    """
    found: list[Flip] = []
    turning = [swing.figure for swing in swings if (swing.at_low > 0) != (swing.at_high > 0)]
    arguable = [swing.figure for swing in swings[:_LOOKED_AT]]
    arguable += [inputs.rent.price_per_gpu_hour, inputs.demand.utilization]
    limits = {figure.name: limits_of(field) for field, figure in figures_by_field(inputs)}
    spans = [(figure, figure.low, figure.high) for figure in turning]
    spans += [(figure, *_reach(figure, limits[figure.name])) for figure in arguable]
    for figure, low, high in spans:
        if len(found) == most:
            break
        if figure.name not in {flip.figure.name for flip in found}:
            value = turning_point(inputs, figure, low=low, high=high, ahead=ahead, behind=behind)
            if value is not None:
                found.append(Flip(figure=figure, value=value))
    return tuple(found)


def _reach(figure: Figure, limits: Limits) -> tuple[float, float]:
    """Return how far an input is looked at: a quarter to four times it, and its range thrice."""
    width = figure.high - figure.low
    low, high = figure.base / _REACH_FACTOR, figure.base * _REACH_FACTOR
    if figure.base <= 0:
        low, high = figure.low - width, figure.high + width
    return max(limits.least, min(low, figure.low)), min(limits.most, max(high, figure.high))


def turning_point(
    inputs: Inputs,
    figure: Figure,
    *,
    low: float,
    high: float,
    ahead: OptionKind,
    behind: OptionKind,
) -> float | None:
    """Return where two options cost the same as one input moves from low to high, if they do."""

    def advantage_at(value: float) -> float:
        return advantage(inputs, BASE.fixing(figure, value), ahead=ahead, behind=behind)

    return root(advantage_at, low, high, tolerance=_ROOT_TOLERANCE)


def advantage(inputs: Inputs, sample: Sample, *, ahead: OptionKind, behind: OptionKind) -> float:
    """Return by how much one option is cheaper than another in the first draw of a sample."""
    scene = scene_of(inputs, sample)
    first, second = (npv_of(flows_of(kind, scene), scene)[0] for kind in (ahead, behind))
    return float(first - second)
