"""How the sizes of known models grow with their parameters, for those that nobody stated.

The width is 3738 (N / 7e9)^0.378 with N weights outside of the embeddings, fitted by least squares
in logarithms over the dense transformers of the registry, 2026-11, with a spread of 15 %; their
layers have 13.3 times the square of the width in the geometric mean, half of them 12.0 to 14.3. A
test fits both anew. All else is what most of these models do.
"""

import math

_AT_PARAMS = 7e9
_WIDTH = 3738.0
_WIDTH_EXPONENT = 0.378
_LAYER_SQUARES = 13.3  # weights of a layer, in squares of the width

_VOCAB_SIZE = 128_256  # that of Llama 3
# Small models spend up to three quarters of their weights on a vocabulary that is larger than they
# need; a quarter is about that of Pythia-410m and Qwen2.5-0.5B.
_MAX_EMBEDDING_SHARE = 0.25
_WIDEST_FFN = 8  # times the width: Gemma
_HEAD_DIM = 128
_SMALL_HEAD_DIM = 64
_SMALL_WIDTH = 2048  # narrower models have heads of 64
_KV_HEADS = 8
GROUPED_FROM_PARAMS = 7_000_000_000
"""From here on models share keys and values among heads: Llama 3, Qwen, Mistral."""
# Of the weights that a token uses, the share of routed experts: 0.54 in DeepSeek-V3 and Qwen3-30B.
_ROUTED_SHARE = 0.55
_MANY_EXPERTS = 8
_FEW_EXPERTS = 2
_MOST_EXPERTS = 512  # Qwen3.5-397B
_SPARSE_FROM = 8  # experts a working one: above it the mixtures of the registry run 8 at once


def hidden_size(active_params: int, *, multiple_of: int) -> int:
    """Return the width of a model whose tokens use `active_params`, by the law above.

    A multiple of `multiple_of`, and of a head's size where nothing asks for another.
    """
    return _rounded(_WIDTH * (active_params / _AT_PARAMS) ** _WIDTH_EXPONENT, multiple_of)


def hidden_size_of_depth(
    active_params: int, *, layers: int, weights_per_width: float, squares: float, multiple_of: int
) -> int:
    """Return the width h at which so many layers have `active_params`.

    The positive root of layers * squares * h^2 + weights_per_width * h = active_params: `squares`
    are those of one layer (0 for the usual number), `weights_per_width` what grows with the width
    alone, over the whole model.
    """
    square = layers * (squares or _LAYER_SQUARES)
    root = math.sqrt(weights_per_width**2 + 4 * square * active_params)
    return _rounded((root - weights_per_width) / (2 * square), multiple_of)


def layer_count(weights: int, width: int) -> int:
    """Return the depth of a model of this width with so many weights outside of its embeddings."""
    return max(round(weights / (_LAYER_SQUARES * width**2)), 1)


def vocab_size(active_params: int, weights_per_word: int, *, is_mixture: bool) -> int:
    """Return the words of a vocabulary.

    It takes at most a quarter of the weights that a token uses, less where experts need theirs.
    """
    share = _MAX_EMBEDDING_SHARE * (1 - _ROUTED_SHARE if is_mixture else 1)
    most = int(share * active_params / weights_per_word)
    return max(min(_VOCAB_SIZE, most), 1)


def widest_ffn(width: int) -> int:
    """Return the widest feed-forward part that a known model of this width has."""
    return _WIDEST_FFN * width


def head_dim(width: int) -> int:
    """Return the size of a head: what divides the width and is nearest to the usual size."""
    usual = _HEAD_DIM if width >= _SMALL_WIDTH else _SMALL_HEAD_DIM
    fitting = [size for size in range(usual // 2, 2 * usual + 1) if width % size == 0]
    return min(fitting, key=lambda size: abs(size - usual), default=width)


def kv_heads(heads: int) -> int:
    """Return key and value heads where they are shared: 8, or the most below that divide."""
    return max(count for count in range(1, min(_KV_HEADS, heads) + 1) if heads % count == 0)


def active_share(experts: int, per_token: int) -> float:
    """Return the share of a mixture's weights that a token uses; 1 for a dense model."""
    return min(per_token / experts / _ROUTED_SHARE, 1.0) if experts else 1.0


def pool(params: int, active_params: int) -> tuple[int, int]:
    """Return how many experts a mixture has, and how many of them work on a token.

    So many that routed experts are about their usual share of what a token uses. Eight work at
    once in sparse mixtures, as in DeepSeek-V3, Qwen3 and GLM-4.5, and fewer where that would take
    more experts than any known model has; two in others, as in Mixtral.
    """
    ratio = 1 + (params - active_params) / (_ROUTED_SHARE * active_params)
    if ratio < _SPARSE_FROM:
        return max(math.ceil(_FEW_EXPERTS * ratio), _FEW_EXPERTS + 1), _FEW_EXPERTS
    per_token = max(min(_MANY_EXPERTS, int(_MOST_EXPERTS / ratio)), 1)
    count = math.ceil(per_token * ratio / _MANY_EXPERTS) * _MANY_EXPERTS
    return count, per_token


def attention_squares(heads: int, kv_heads: int, params: int) -> float:
    """Return the weights of a layer's attention, in squares of the width."""
    if heads and kv_heads:
        return 2 + 2 * kv_heads / heads
    return 4.0 if params < GROUPED_FROM_PARAMS else 2.5


def _rounded(width: float, multiple_of: int) -> int:
    step: int = multiple_of if multiple_of > 1 else _step(width)
    steps: int = round(width / step)
    return max(steps, 1) * step


def _step(width: float) -> int:
    """Return what widths of this order are multiples of, so that heads come out whole."""
    if width >= _KV_HEADS * _HEAD_DIM:
        return _KV_HEADS * _SMALL_HEAD_DIM if width < _SMALL_WIDTH * 2 else _KV_HEADS * _HEAD_DIM
    return next((step for step in (64, 8) if width >= 4 * step), 1)
