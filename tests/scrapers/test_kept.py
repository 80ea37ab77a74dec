from scrapers.kept import Kept, KeptAnswers, validators_of
from scrapers.provider import Request


def an_answer(size: int = 10, etag: str = '"v1"') -> Kept:
    return Kept(
        validators=validators_of({"etag": etag}),
        text="x" * size,
        content_type="text/html",
        byte_count=size,
    )


def a_request(name: str) -> Request:
    return Request(url=f"https://nimbus.example/{name}")


def test_the_oldest_answers_go_first() -> None:
    answers = KeptAnswers(max_bytes=25)
    for name in "abc":
        answers.keep(a_request(name), an_answer())

    assert answers.find(a_request("a")) is None
    assert answers.find(a_request("b")) == an_answer()
    assert answers.find(a_request("c")) == an_answer()


def test_a_newer_answer_takes_the_place_of_the_older() -> None:
    answers = KeptAnswers(max_bytes=25)
    for _ in range(5):
        answers.keep(a_request("a"), an_answer())
    answers.keep(a_request("b"), an_answer(15))

    assert answers.find(a_request("a")) == an_answer()


def test_an_answer_that_lost_its_validator_is_forgotten() -> None:
    answers = KeptAnswers()
    answers.keep(a_request("a"), an_answer())
    answers.keep(a_request("a"), an_answer(etag=""))

    assert answers.find(a_request("a")) is None


def test_other_lines_of_a_list_are_another_answer() -> None:
    answers = KeptAnswers()
    url = "https://nimbus.example/list"
    answers.keep(Request(url=url, only_lines=("p5",), header_lines=1), an_answer())

    assert answers.find(Request(url=url, only_lines=("p5",), header_lines=1)) == an_answer()
    assert answers.find(Request(url=url, only_lines=("g6",), header_lines=1)) is None
    assert answers.find(Request(url=url)) is None
