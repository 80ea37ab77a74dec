"""What a used server brings.

    R(age) = max(floor, R_0 (R_a / R_0)^(age / a))

It is worth R_0 of its price as soon as it is used, then loses the same share every month, and is
worth R_a at age a. With R_a = 0 it is worth the floor at any age.
Observed values spread from 20 % to 71 % of the price at 36 months (residual_values.csv): the range
of R_a belongs into every answer.
"""

import numpy as np

from service.build_vs_buy.arrays import Floats
from service.build_vs_buy.inputs import Own
from service.build_vs_buy.sample import Sample


def residual_share(own: Own, sample: Sample, age_months: Floats | float) -> Floats:
    """Return the share of its price that a server of this age brings, a column or broader."""
    at_reference = sample.of(own.residual_fraction)
    used = sample.of(own.resale_at_once)
    decay = np.power(at_reference / used, np.asarray(age_months) / own.residual_age_months)
    share = np.where(at_reference > 0, used * decay, 0.0)
    return np.maximum(sample.of(own.residual_floor), share)
