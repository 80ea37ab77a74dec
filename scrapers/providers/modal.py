"""Modal: serverless GPUs by the second, from its price page.

Never held against a recording: written from public readers of modal.com/pricing, which is rendered
by the server: `<p>Nvidia H100 SXM5</p><p class="price ...">$0.001097 <span>/ sec</span></p>` (its
lines were last quoted so on 2026-09-25). The switch to hours is reckoned in the browser and not
read.

Quirks: CPU cores and memory stand in the same list with units of their own ("/ core / sec") and
come on top of the GPU; so do multipliers for a choice of region and for what may not be
interrupted. The price here is the plain one. Class names end in a part that every build changes.
"""

import re
from collections.abc import Iterator
from datetime import timedelta

from scrapers.errors import PageChanged
from scrapers.page import Page
from scrapers.provider import Provider, RawOffer, Reject
from service.domain.offer import DeliveryModel

MAKERS = re.compile(r"(?i)\b(?:nvidia|amd|intel|google)\b")
FOR_ONE_GPU = re.compile(r".*\d\s*/\s*(?:sec|second|min|minute|hr|hour)")

provider = Provider(
    id="modal",
    title="Modal",
    home="https://modal.com/pricing",
    pages={"prices": "https://modal.com/pricing"},
    unverified=True,
    delivery_model=DeliveryModel.SERVERLESS,
    billing_increment=timedelta(seconds=1),
)


@provider.parses("prices")
def parse(page: Page) -> Iterator[RawOffer | Reject]:
    """Read the lines that name a GPU; their price says its currency and that it is by time."""
    gpus = 0
    for line in page.html.all(":has(> p.price)"):
        names = [part.text for part in line.find_all(":scope > p:not(.price)")]
        prices = [part.text for part in line.all(":scope > p.price")]
        if not any(MAKERS.search(name) for name in names):
            continue
        gpus += 1
        shown = f"{', '.join(names)}: {', '.join(prices)}"
        if (len(names), len(prices)) != (1, 1):
            yield Reject(reason="TWO_PRICES", text=shown)
        elif not FOR_ONE_GPU.fullmatch(prices[0]):
            yield Reject(reason="NOT_BY_TIME", text=shown)
        else:
            yield RawOffer(sku=names[0], gpu=names[0], gpu_count="1", price=prices[0], per="gpu")
    if not gpus:
        raise PageChanged(f"{page.kind}: no line names a GPU")
