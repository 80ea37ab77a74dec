"""What one more server costs to have, all shares included."""

from dataclasses import dataclass

import numpy as np

from service.build_vs_buy.arrays import Floats
from service.build_vs_buy.inputs import NetworkStep, Own, Servers
from service.build_vs_buy.sample import Sample


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerCost:
    """Columns of money for one server, positive; `price` is what resale and repairs start from."""

    price: Floats
    network_and_install: Floats
    spares: Floats
    sales_tax: Floats

    @property
    def total(self) -> Floats:
        """All of it."""
        return self.price + self.network_and_install + self.spares + self.sales_tax


def server_cost(own: Own, sample: Sample, *, fleet: Floats, first_servers: Floats) -> ServerCost:
    """Return the cost of one server of a fleet of so many.

    K = p (1 + network + hidden + install) (1 + spares) + sales tax on the servers among it. A capex
    that is given as a subtotal is shared among the servers that it bought, `first_servers`.
    """
    nothing = np.zeros((1, 1))
    if own.capex is not None:
        price = sample.of(own.capex) / np.maximum(first_servers, 1)
        return ServerCost(
            price=price, network_and_install=nothing, spares=nothing, sales_tax=nothing
        )
    servers = own.servers
    if servers is None:
        raise ValueError("neither servers nor capex")
    price = sample.of(servers.server_price)
    around = price * (around_share(servers, sample, fleet) + sample.of(servers.install_fraction))
    is_covered = own.running is not None and own.running.under_warranty
    spares = nothing if is_covered else sample.of(servers.spares_fraction)
    return ServerCost(
        price=price,
        network_and_install=around,
        spares=spares * (price + around),
        sales_tax=sample.of(servers.sales_tax_rate) * price * (1 + spares),
    )


def around_share(servers: Servers, sample: Sample, fleet: Floats) -> Floats:
    """Return network and hidden costs as a share of the servers' price, counted once."""
    network = network_share(servers.network_steps, sample, fleet)
    hidden = sample.of(servers.hidden_fraction)
    if servers.hidden_includes_network:
        return np.maximum(network, hidden)
    return network + hidden


def network_share(steps: tuple[NetworkStep, ...], sample: Sample, fleet: Floats) -> Floats:
    """Return the share of the highest step that the fleet reaches; below the first it is 0."""
    share = np.zeros((1, 1))
    for step in sorted(steps, key=lambda step: step.from_servers):
        share = np.where(fleet >= step.from_servers, sample.of(step.fraction), share)
    return share
