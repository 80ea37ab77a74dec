"""BuildVsBuyService: own or rent, from the catalogue in memory, token prices and the tables."""

from gpuquote.v1 import build_vs_buy_service_pb2 as pb

from service.build_vs_buy.checks import BadInput
from service.business_case.case import business_case
from service.business_case.serving_gpus import ServingPlanner
from service.domain.errors import InvalidRequest, Reason, Violation
from service.domain.model_price import ModelPrice
from service.rpc.build_vs_buy.answer import build_vs_buy_to_proto
from service.rpc.build_vs_buy.reading import Known
from service.rpc.build_vs_buy.request import read_build_vs_buy
from service.rpc.calculator import Calculator
from service.rpc.call import Answer
from service.rpc.token_prices import loaded_token_prices
from service.store.newest_model_prices import NewestModelPrices

# Where a field of the engine's inputs stands in the request, by its beginning.
_PATHS = {
    "commits[": "commit[",
    "demand.load": "demand",
    "hosted_api": "tokens_per_month",
    "own.servers.": "own.",
    "own.running.": "own.",
}


class BuildVsBuyServicer:
    """Converts, asks the use case, converts back."""

    def __init__(
        self,
        calculator: Calculator,
        *,
        token_prices: NewestModelPrices,
        planner: ServingPlanner,
    ) -> None:
        self._calculator = calculator
        self._token_prices = token_prices
        self._planner = planner

    def analyze_build_vs_buy(self, request: pb.AnalyzeBuildVsBuyRequest) -> Answer:
        """Answer AnalyzeBuildVsBuy."""
        now = self._calculator.now()
        known = self._calculator.known(request.catalog_revision)
        market, snapshot = known.market, known.snapshot

        def current_prices() -> tuple[ModelPrice, ...]:
            every = loaded_token_prices(self._token_prices)
            return tuple(one for one in every if not one.retired and one.holds_at(now))

        question = read_build_vs_buy(
            request,
            Known(
                market=market,
                models=known.models,
                token_prices=current_prices,
                today=now.date(),
            ),
        )
        try:
            found = business_case(
                question,
                snapshot=snapshot,
                rates=market.rates,
                planner=self._planner,
                now=now,
            )
        except BadInput as error:
            raise _as_request_error(error) from error
        message = build_vs_buy_to_proto(question, found, snapshot=snapshot)
        return self._calculator.answered(message, snapshot)


def _as_request_error(error: BadInput) -> InvalidRequest:
    """Translate what only the engine sees, since it depends on defaults, to the request's paths."""
    return InvalidRequest.of(
        tuple(
            Violation(_path(fault.field), fault.message, Reason.BAD_FIELD) for fault in error.faults
        )
    )


def _path(field: str) -> str:
    for beginning, path in _PATHS.items():
        if field.startswith(beginning):
            return path + field.removeprefix(beginning)
    return field
