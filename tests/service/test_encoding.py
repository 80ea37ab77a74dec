"""The two parts of an offer make the message that building it at once makes."""

import orjson
import pytest
from gpuquote.v1 import offer_pb2

from service.catalog.lasting import sighting_of
from service.domain.offer import Availability, AvailabilityState, Freshness, Offer
from service.encoding import OfferEncoder
from service.rest.transcode import message_to_dict
from service.rpc.convert import offer_to_proto
from tests.builders import NOW, an_offer

_SOLD_OUT = Availability(
    state=AvailabilityState.SOLD_OUT, evidence="stock", raw_value="0", observe_time=NOW
)


@pytest.mark.parametrize(
    "offer", [an_offer(), an_offer(availability=_SOLD_OUT, delist_time=NOW)], ids=["bare", "full"]
)
@pytest.mark.parametrize("freshness", [Freshness.FRESH, Freshness.BASELINE])
def test_the_parts_join_to_the_whole(offer: Offer, freshness: Freshness) -> None:
    encoder, whole = OfferEncoder(with_json=True), offer_to_proto(offer, freshness)
    parts = encoder.lasting(offer), encoder.passing(sighting_of(offer), freshness)
    assert offer_pb2.Offer.FromString(b"".join(part.proto for part in parts)) == whole
    assert orjson.loads(b"".join(part.json for part in parts)) == message_to_dict(whole)


def test_a_process_without_rest_has_no_json() -> None:
    encoder = OfferEncoder(with_json=False)
    assert encoder.lasting(an_offer()).json == b""
    assert encoder.passing(sighting_of(an_offer()), Freshness.FRESH).json == b""
