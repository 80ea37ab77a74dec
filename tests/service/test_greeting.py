from service.greeting import provider_lines


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
