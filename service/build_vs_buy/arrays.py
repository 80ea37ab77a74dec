"""The one type of array that the modules here hand to each other."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
"""Shape (draws, months + 1), or 1 in the place of either where all are alike."""
