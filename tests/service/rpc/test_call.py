"""Joined answers are byte for byte what building the message would give."""

from gpuquote.v1 import catalog_service_pb2 as pb
from gpuquote.v1 import offer_pb2
from hypothesis import given
from hypothesis import strategies as st

from service.catalog.lasting import Encoded
from service.rest.transcode import message_to_json
from service.rpc.call import Answer, Joined

offers = st.builds(
    offer_pb2.Offer,
    name=st.text(max_size=400),
    vram_gb=st.integers(0, 2**31 - 1),
    unverified=st.booleans(),
)


def encoded(offer: offer_pb2.Offer) -> Encoded:
    return Encoded(proto=offer.SerializeToString(), json=message_to_json(offer))


def joined(*parts: Encoded, after: str = "t") -> Answer:
    rest = pb.ListOffersResponse(next_page_token=after)
    return Answer(
        Joined(
            field_name="offers",
            is_list=True,
            parts=parts,
            rest=rest,
            rest_json=lambda: message_to_json(rest)[len(b'{"offers":[],') : -1],
        )
    )


@given(st.lists(offers, max_size=5), st.text(max_size=20))
def test_joined_bytes_are_those_of_the_message(found: list[offer_pb2.Offer], token: str) -> None:
    answer = joined(*map(encoded, found), after=token)
    whole = pb.ListOffersResponse(offers=found, next_page_token=token)
    assert answer.to_proto_bytes() == whole.SerializeToString()
    assert answer.json == message_to_json(whole)
    assert answer.message is None


def test_a_single_message_is_joined_without_brackets() -> None:
    offer = offer_pb2.Offer(name="offers/x")
    answer = Answer(
        Joined(
            field_name="offer",
            is_list=False,
            parts=(encoded(offer),),
            rest=pb.GetOfferResponse(),
            rest_json=bytes,
        )
    )
    whole = pb.GetOfferResponse(offer=offer)
    assert answer.to_proto_bytes() == whole.SerializeToString()
    assert answer.json == message_to_json(whole)


def test_an_empty_list_is_an_empty_list() -> None:
    whole = pb.ListOffersResponse(next_page_token="t")
    assert joined().json == message_to_json(whole)
    assert joined().to_proto_bytes() == whole.SerializeToString()


def test_without_fragments_the_answer_is_a_message_again() -> None:
    offer = offer_pb2.Offer(name="offers/x")
    answer = joined(Encoded(proto=offer.SerializeToString()))
    assert answer.json is None
    assert answer.message == pb.ListOffersResponse(offers=[offer], next_page_token="t")


def test_a_plain_message_has_neither_joined_form() -> None:
    message = pb.ListOffersResponse(next_page_token="t")
    answer = Answer(message, metadata={"a": "b"})
    assert (answer.message, answer.json, answer.proto) == (message, None, None)
    assert answer.to_proto_bytes() == message.SerializeToString()
    assert answer.metadata == {"a": "b"}


def test_an_empty_plain_message_is_no_bytes() -> None:
    assert Answer(pb.ListOffersResponse()).to_proto_bytes() == b""
