from service.build_vs_buy.sample import BASE, one_at_a_time
from service.domain.figure import Figure


def test_a_base_that_is_a_whole_number_does_not_cut_the_ends_of_its_range() -> None:
    drift = Figure(name="drift", low=-0.2, base=0, high=0.2, unit="", source="a test")
    assert one_at_a_time((drift,)).of(drift)[:, 0].tolist() == [0.0, -0.2, 0.2]
    assert BASE.of(drift).dtype == float
    assert BASE.fixing(drift, 1).of(drift).dtype == float
