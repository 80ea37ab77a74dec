"""What a step of Stable Diffusion costs, counted layer by layer from its configuration."""

import pytest

from service.facts.models import load_models

# Width and places of each level: the latent of 512 x 512 pixels has 64 x 64.
LEVELS = ((320, 4096), (640, 1024), (1280, 256), (1280, 64))
TEXT_TOKENS = 77
STEP_WIDTH = 1280  # of the embedding of a step


class Unet:
    """Counts weights and multiplications while it is built: two residual blocks a level down, three
    a level up, attention behind each of them but on the coarsest level.
    """

    def __init__(self, text_width: int) -> None:
        self.weights = 0
        self.multiplications = 0
        self._text_width = text_width
        self._inputs = 320
        self._skipped = [320]
        self._multiply(320 * STEP_WIDTH, 1, bias=STEP_WIDTH)
        self._multiply(STEP_WIDTH**2, 1, bias=STEP_WIDTH)
        self._convolve(4, 320, 3, 4096)
        self._go_down()
        self._residual(1280, 1280, 64)
        self._attend(1280, 64)
        self._residual(1280, 1280, 64)
        self._go_up()
        self.weights += 2 * 320
        self._convolve(320, 4, 3, 4096)

    def _go_down(self) -> None:
        for level, (width, places) in enumerate(LEVELS):
            for _ in range(2):
                self._block(self._inputs, width, places)
                self._skipped.append(width)
            if level + 1 < len(LEVELS):
                self._convolve(width, width, 3, LEVELS[level + 1][1])
                self._skipped.append(width)

    def _go_up(self) -> None:
        for level, (width, places) in reversed(list(enumerate(LEVELS))):
            for _ in range(3):
                self._block(self._inputs + self._skipped.pop(), width, places)
            if level:
                self._convolve(width, width, 3, LEVELS[level - 1][1])

    def _block(self, inputs: int, width: int, places: int) -> None:
        self._residual(inputs, width, places)
        if places != LEVELS[-1][1]:
            self._attend(width, places)
        self._inputs = width

    def _residual(self, inputs: int, outputs: int, places: int) -> None:
        self._convolve(inputs, outputs, 3, places)
        self._convolve(outputs, outputs, 3, places)
        self._multiply(STEP_WIDTH * outputs, 1, bias=outputs)
        self.weights += 2 * inputs + 2 * outputs  # norms
        if inputs != outputs:
            self._convolve(inputs, outputs, 1, places)

    def _attend(self, width: int, places: int) -> None:
        self.weights += 8 * width  # norms
        self._convolve(width, width, 1, places)
        for tokens, inputs in ((places, width), (TEXT_TOKENS, self._text_width)):
            self._multiply(width**2, places)
            self._multiply(2 * inputs * width, tokens)
            self._multiply(width**2, places, bias=width)
            self.multiplications += 2 * places * tokens * width
        self._multiply(8 * width**2, places, bias=8 * width)
        self._multiply(4 * width**2, places, bias=width)
        self._convolve(width, width, 1, places)

    def _convolve(self, inputs: int, outputs: int, kernel: int, places: int) -> None:
        self._multiply(inputs * outputs * kernel**2, places, bias=outputs)

    def _multiply(self, weights: int, places: int, *, bias: int = 0) -> None:
        self.weights += weights + bias
        self.multiplications += weights * places


@pytest.mark.parametrize(
    ("model_id", "text_width"), [("stable-diffusion-1.5", 768), ("stable-diffusion-2-base", 1024)]
)
def test_a_step_of_stable_diffusion_costs_what_its_layers_do(
    model_id: str, text_width: int
) -> None:
    model = load_models().by_id[model_id]
    unet = Unet(text_width)
    # The weights are the proof: those of version 1.5 come out exactly.
    assert unet.weights == pytest.approx(model.architecture.active_params, rel=2e-4)
    assert model.flops_per_step == 2 * unet.multiplications
