"""The GPU models that we know, and which of them a text names.

Family, form factor, memory and interconnect are four fields. A text names a family or an alias;
its other tokens (form, memory) narrow the family down. Whatever is left unread, or leaves more
than one model, is an error: a GPU is never guessed.
"""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from service.domain.gpu_text import Token, TokenKind, folded, names_a_fraction, tokens_of
from service.domain.precision import Precision

# B200 is printed as 180, 183, 186 and 192 GB, L4 as 22,888 MiB.
_TEXT_TOLERANCE = Decimal("0.07")
MEASURED_TOLERANCE = Decimal("0.08")
"""Measured memory may count GB for GiB, which is 7.4 %."""
# Above this only a rack-scale domain holds so many GPUs ("72 x B200" is AWS's name for a GB200).
_MAX_GPUS_PER_BOX = 16
_NEAREST = 3


class GpuNotIdentified(Exception):
    """A text that names no GPU model for certain."""


class UnknownGpu(GpuNotIdentified):
    """No model fits the text and the memory."""


class AmbiguousGpu(GpuNotIdentified):
    """Several models fit, such as "A100" without memory and form."""


class FractionalGpu(GpuNotIdentified):
    """The text names a part of a GPU (MIG, "1/8"), or one device of a board of several."""


class _Form(StrEnum):
    SXM = "SXM"
    PCIE = "PCIE"
    NVL = "NVL"
    NVL72 = "NVL72"
    OAM = "OAM"
    OTHER = "OTHER"


_FORM_WORDS = {
    "sxm": _Form.SXM,
    **{f"sxm{generation}": _Form.SXM for generation in range(2, 7)},
    "hgx": _Form.SXM,
    "dgx": _Form.SXM,
    "pcie": _Form.PCIE,
    "nvl": _Form.NVL,
    "nvl72": _Form.NVL72,
    "oam": _Form.OAM,
}
# An NVL card is a PCIe card, so "PCIe" alone may name one; a bare "NVL" may be a GB200 NVL72.
_FORMS_MEANT = {
    _Form.SXM: (_Form.SXM,),
    _Form.PCIE: (_Form.PCIE, _Form.NVL),
    _Form.NVL: (_Form.NVL, _Form.NVL72),
    _Form.NVL72: (_Form.NVL72,),
    _Form.OAM: (_Form.OAM,),
}
# Words that tell no two models apart. NVLink is among them: PCIe cards have bridges of it too.
_NEUTRAL_WORDS = frozenset(
    {"nvidia", "amd", "intel", "google", "aws", "huawei", "cerebras", "oracle", "oci"}
    | {"geforce", "tesla", "instinct", "gpu", "gpus", "tensor", "core", "accelerator", "generation"}
    | {"memory", "vram", "hbm", "hbm2", "hbm2e", "hbm3", "hbm3e", "gddr6", "gddr6x", "gddr7"}
    | {"nvlink", "cloud", "infrastructure", "compute", "instance"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuModel:
    """One accelerator as it is sold.

    `vram_gb` is what the vendor names, for the whole board; `other_vram_gb` are further figures
    that providers print for it. `device_count` is above 1 for boards whose devices are seen one
    by one (A16: 4, MI250X: 2): one GPU of an offer is the whole board. `aliases` are texts in
    lower case with one space between tokens; a model that has its bare family among them is what
    the family's name means when nothing else is said. `identifiers` are exact ids of cloud APIs.
    `memory_bandwidth_gb_per_second` is in gigabytes a second. `dense_peaks` are tera-operations a
    second without sparsity, for the formats that its matrix units (or, before these, its vector
    units) can do. `link_gb_per_second` is one way, to all other GPUs of its node: half of what
    vendors print; None where the link joins pairs or a CPU only. `measured_matmul_share` is the
    share of the bf16 peak that a large matrix product was measured to reach.
    """

    gpu_model_id: str
    display_name: str
    vendor: str
    family: str
    form_factor: str
    announce_year: int
    vram_gb: int
    interconnect: str
    power_watts: int | None = None
    memory_bandwidth_gb_per_second: Decimal | None = None
    dense_peaks: tuple[tuple[Precision, Decimal], ...] = ()
    link_gb_per_second: Decimal | None = None
    measured_matmul_share: Decimal | None = None
    aliases: tuple[str, ...] = ()
    source: str = ""
    identifiers: tuple[str, ...] = ()
    other_vram_gb: tuple[Decimal, ...] = ()
    device_count: int = 1

    @property
    def bf16_dense_tflops(self) -> Decimal | None:
        """The bf16 peak; None for a chip without."""
        return dict(self.dense_peaks).get(Precision.BF16)

    def fits_vram(self, vram_gb: Decimal, *, tolerance: Decimal = _TEXT_TOLERANCE) -> bool:
        """Say whether a printed memory size can be this model's."""
        sizes = (Decimal(self.vram_gb), *self.other_vram_gb)
        return any(abs(vram_gb - size) <= size * tolerance for size in sizes)


class GpuRegistry:
    """All known models, found by id or by the text of a page."""

    def __init__(self, models: Iterable[GpuModel]) -> None:
        self.models = tuple(sorted(models, key=lambda model: model.gpu_model_id))
        self.families = frozenset(model.family for model in self.models)
        self._by_id = {model.gpu_model_id: model for model in self.models}
        if len(self._by_id) != len(self.models):
            raise ValueError("two GPU models have one id")
        self._by_identifier = {name: m for m in self.models for name in m.identifiers}
        self._by_name: dict[tuple[str, ...], tuple[GpuModel, ...]] = {}
        self._defaults: set[str] = set()
        for model in self.models:
            self._learn(model)
        self._longest = max(map(len, self._by_name), default=0)
        self._words = frozenset(
            {word for name in self._by_name for word in name} | _NEUTRAL_WORDS | set(_FORM_WORDS)
        )

    def find(self, gpu_model_id: str) -> GpuModel | None:
        """Return the model of an id; None when there is none."""
        return self._by_id.get(gpu_model_id)

    def nearest(self, text: str) -> tuple[str, ...]:
        """Return up to three ids that look like `text`, for error messages."""
        wanted = text.strip().lower().replace(" ", "-").replace("_", "-")
        return tuple(difflib.get_close_matches(wanted, self._by_id, n=_NEAREST, cutoff=0.4))

    def identify(self, text: str, *, vram_gb: Decimal | None = None) -> GpuModel:
        """Return the one model that `text` names; `vram_gb` is the memory of one whole GPU.

        Raises UnknownGpu, AmbiguousGpu or FractionalGpu.
        """
        name = folded(text)
        if names_a_fraction(name):
            raise FractionalGpu(f"{text!r} is a part of a GPU")
        exact = self._by_identifier.get(name)
        named, rest = ((exact,), ()) if exact else self._named(text, name)
        sizes = [(size.number, _TEXT_TOLERANCE) for size in rest if size.kind is TokenKind.SIZE]
        if vram_gb is not None:
            sizes.append((vram_gb, MEASURED_TOLERANCE))
        big_enough = (m for m in named if all(m.fits_vram(s, tolerance=t) for s, t in sizes))
        fitting = _of_form(tuple(big_enough), _forms_in(rest))
        if not fitting and any(_is_one_device(s, of=m) for m in named for s, _ in sizes):
            raise FractionalGpu(f"{text!r} is one device of a board")
        if not fitting:
            raise UnknownGpu(f"no model fits the form and memory of {text!r}")
        return self._only(fitting, text=text, rest=rest)

    def _only(
        self, fitting: tuple[GpuModel, ...], *, text: str, rest: tuple[Token, ...]
    ) -> GpuModel:
        """Pick the single model that is left, or the default of its family."""
        chosen = fitting
        if len(fitting) > 1 and len({model.family for model in fitting}) == 1:
            chosen = tuple(m for m in fitting if m.gpu_model_id in self._defaults)
        if len(chosen) != 1:
            ids = ", ".join(model.gpu_model_id for model in fitting)
            raise AmbiguousGpu(f"{text!r} may be {ids}")
        counts = [token.number for token in rest if token.kind is TokenKind.COUNT]
        if _form_of(chosen[0]) is _Form.SXM and any(count > _MAX_GPUS_PER_BOX for count in counts):
            raise AmbiguousGpu(f"{text!r} counts more GPUs than a box of {chosen[0].display_name}")
        return chosen[0]

    def _named(self, text: str, name: str) -> tuple[tuple[GpuModel, ...], tuple[Token, ...]]:
        """Return the models that the names in the text allow, and the tokens beside them."""
        tokens = tokens_of(name, known_words=self._words)
        named: tuple[GpuModel, ...] = ()
        rest: list[Token] = []
        place = 0
        while place < len(tokens):
            length, models = self._longest_name_at(tokens, place)
            if models:
                named = tuple(m for m in named if m in models) if named else models
                if not named:
                    raise AmbiguousGpu(f"{text!r} names more than one GPU")
            else:
                rest.append(tokens[place])
            place += length
        unread = [token.text for token in rest if not _is_understood(token)]
        if not named or unread:
            what = f"what {' '.join(unread)!r} means in it" if named else "its name"
            raise UnknownGpu(f"{text!r}: {what} is not known")
        return named, tuple(rest)

    def _longest_name_at(
        self, tokens: tuple[Token, ...], place: int
    ) -> tuple[int, tuple[GpuModel, ...]]:
        for length in range(min(self._longest, len(tokens) - place), 0, -1):
            models = self._by_name.get(tuple(t.text for t in tokens[place : place + length]))
            if models:
                return length, models
        return 1, ()

    def _learn(self, model: GpuModel) -> None:
        family = _name_tokens(model.family)
        self._add_name(family, model)
        for alias in model.aliases:
            if _name_tokens(alias) == family:
                self._defaults.add(model.gpu_model_id)
            else:
                self._add_name(_name_tokens(alias), model)

    def _add_name(self, name: tuple[str, ...], model: GpuModel) -> None:
        self._by_name[name] = (*self._by_name.get(name, ()), model)


def _name_tokens(name: str) -> tuple[str, ...]:
    return tuple(token.text for token in tokens_of(folded(name), known_words=frozenset()))


def _is_understood(token: Token) -> bool:
    if token.kind is TokenKind.WORD:
        return token.text in _NEUTRAL_WORDS or token.text in _FORM_WORDS
    return token.kind is not TokenKind.UNREADABLE


def _forms_in(tokens: tuple[Token, ...]) -> frozenset[_Form]:
    forms = frozenset(_FORM_WORDS[t.text] for t in tokens if t.text in _FORM_WORDS)
    return forms - {_Form.PCIE} if _Form.NVL in forms else forms


def _of_form(models: tuple[GpuModel, ...], forms: frozenset[_Form]) -> tuple[GpuModel, ...]:
    """Keep the models of every form that is said, by the first meaning that any of them has."""
    left = models
    for form in sorted(forms):
        present = {_form_of(model) for model in left}
        meant = next((m for m in _FORMS_MEANT[form] if m in present), None)
        left = tuple(model for model in left if _form_of(model) is meant)
    return left


def _form_of(model: GpuModel) -> _Form:
    if _Form.NVL in model.display_name.upper().split():
        return _Form.NVL
    form = model.form_factor.upper()
    known = (f for f in (_Form.SXM, _Form.NVL72, _Form.PCIE, _Form.OAM) if form.startswith(f))
    return next(known, _Form.OTHER)


def _is_one_device(vram_gb: Decimal, *, of: GpuModel) -> bool:
    device = Decimal(of.vram_gb) / of.device_count
    return of.device_count > 1 and abs(vram_gb - device) <= device * MEASURED_TOLERANCE
