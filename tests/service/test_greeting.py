import shlex

from service.greeting import EXAMPLES, provider_lines


def a_provider(**values: object) -> dict[str, object]:
    return {
        "name": "providers/nimbus",
        "state": "OK",
        "offerCount": 12,
        "baseline": False,
        "stateDetail": "",
    } | values


def test_a_provider_is_one_line_with_state_and_offers() -> None:
    (line,) = provider_lines([a_provider()])
    assert line == "nimbus           OK            12 offers"


def test_a_line_says_why_and_where_the_rows_are_from() -> None:
    (line,) = provider_lines(
        [a_provider(state="FAILED", baseline=True, stateDetail="UNREACHABLE: no answer")]
    )
    assert "from the bundled baseline" in line
    assert line.endswith("UNREACHABLE: no answer")


def test_the_examples_can_be_pasted() -> None:
    listing, filtered, docs = (example.format(rest="http://127.0.0.1:8080") for example in EXAMPLES)
    assert shlex.split(listing)[0] == "curl"
    words = shlex.split(filtered)
    assert words[words.index("--data-urlencode") + 1].startswith('filter=gpu_family = "H100"')
    assert docs.endswith("/docs")
