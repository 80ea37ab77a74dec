"""Offers as they go out: what both faces know of messages, for the catalogue to keep."""

import orjson
from google.protobuf.message import Message
from gpuquote.v1 import offer_pb2

from service.catalog.columns import PASSING
from service.catalog.lasting import Encoded, Sighting
from service.domain.offer import Freshness, Offer
from service.rest.transcode import message_to_dict
from service.rpc.convert import availability_to_proto, enum_name, offer_to_proto

_PASSING_JSON = frozenset(offer_pb2.Offer.DESCRIPTOR.fields_by_name[n].json_name for n in PASSING)


class OfferEncoder:
    """Serialises offers once per snapshot; `with_json` in processes that serve REST."""

    def __init__(self, *, with_json: bool) -> None:
        self._with_json = with_json

    def lasting(self, offer: Offer) -> Encoded:
        """Serialise all but availability, observe time and freshness."""
        message = offer_to_proto(offer, Freshness.FRESH)
        for name in PASSING:
            message.ClearField(name)
        return self._encoded(message, is_passing=False)

    def passing(self, sighting: Sighting, freshness: Freshness) -> Encoded:
        """Serialise availability, observe time and freshness."""
        message = offer_pb2.Offer(
            availability=availability_to_proto(sighting.availability),
            observe_time=sighting.observe_time,
            freshness=enum_name(freshness),
        )
        return self._encoded(message, is_passing=True)

    def _encoded(self, message: Message, *, is_passing: bool) -> Encoded:
        if not self._with_json:
            return Encoded(proto=message.SerializeToString())
        written = message_to_dict(message)
        json = {key: written[key] for key in written if (key in _PASSING_JSON) is is_passing}
        text = orjson.dumps(json)
        text = b",%b" % text[1:] if is_passing else text[:-1]
        return Encoded(proto=message.SerializeToString(), json=text)
