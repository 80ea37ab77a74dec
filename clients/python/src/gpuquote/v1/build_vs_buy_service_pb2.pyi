import datetime

from google.api import annotations_pb2 as _annotations_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from gpuquote.v1 import caveat_pb2 as _caveat_pb2
from gpuquote.v1 import constraints_pb2 as _constraints_pb2
from gpuquote.v1 import estimate_pb2 as _estimate_pb2
from gpuquote.v1 import money_pb2 as _money_pb2
from gpuquote.v1 import workload_pb2 as _workload_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class OptionKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    OPTION_KIND_UNSPECIFIED: _ClassVar[OptionKind]
    OPTION_KIND_HOSTED_API: _ClassVar[OptionKind]
    OPTION_KIND_RENT: _ClassVar[OptionKind]
    OPTION_KIND_COMMIT: _ClassVar[OptionKind]
    OPTION_KIND_OWN_COLOCATION: _ClassVar[OptionKind]
    OPTION_KIND_OWN_BUILDING: _ClassVar[OptionKind]
    OPTION_KIND_MIXED: _ClassVar[OptionKind]
OPTION_KIND_UNSPECIFIED: OptionKind
OPTION_KIND_HOSTED_API: OptionKind
OPTION_KIND_RENT: OptionKind
OPTION_KIND_COMMIT: OptionKind
OPTION_KIND_OWN_COLOCATION: OptionKind
OPTION_KIND_OWN_BUILDING: OptionKind
OPTION_KIND_MIXED: OptionKind

class GpuDemand(_message.Message):
    __slots__ = ("gpu_model", "constant_gpus", "weekly_profile", "mean_gpus", "peak_factor", "peak_hours_per_day", "monthly_growth", "utilization")
    GPU_MODEL_FIELD_NUMBER: _ClassVar[int]
    CONSTANT_GPUS_FIELD_NUMBER: _ClassVar[int]
    WEEKLY_PROFILE_FIELD_NUMBER: _ClassVar[int]
    MEAN_GPUS_FIELD_NUMBER: _ClassVar[int]
    PEAK_FACTOR_FIELD_NUMBER: _ClassVar[int]
    PEAK_HOURS_PER_DAY_FIELD_NUMBER: _ClassVar[int]
    MONTHLY_GROWTH_FIELD_NUMBER: _ClassVar[int]
    UTILIZATION_FIELD_NUMBER: _ClassVar[int]
    gpu_model: str
    constant_gpus: float
    weekly_profile: _containers.RepeatedScalarFieldContainer[float]
    mean_gpus: float
    peak_factor: float
    peak_hours_per_day: int
    monthly_growth: float
    utilization: float
    def __init__(self, gpu_model: _Optional[str] = ..., constant_gpus: _Optional[float] = ..., weekly_profile: _Optional[_Iterable[float]] = ..., mean_gpus: _Optional[float] = ..., peak_factor: _Optional[float] = ..., peak_hours_per_day: _Optional[int] = ..., monthly_growth: _Optional[float] = ..., utilization: _Optional[float] = ...) -> None: ...

class ServingTerms(_message.Message):
    __slots__ = ("model", "precision", "latency", "utilization", "profile", "tokens_per_second_per_gpu")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    PRECISION_FIELD_NUMBER: _ClassVar[int]
    LATENCY_FIELD_NUMBER: _ClassVar[int]
    UTILIZATION_FIELD_NUMBER: _ClassVar[int]
    PROFILE_FIELD_NUMBER: _ClassVar[int]
    TOKENS_PER_SECOND_PER_GPU_FIELD_NUMBER: _ClassVar[int]
    model: str
    precision: _workload_pb2.Precision
    latency: _workload_pb2.LatencyLimit
    utilization: float
    profile: _containers.RepeatedScalarFieldContainer[float]
    tokens_per_second_per_gpu: float
    def __init__(self, model: _Optional[str] = ..., precision: _Optional[_Union[_workload_pb2.Precision, str]] = ..., latency: _Optional[_Union[_workload_pb2.LatencyLimit, _Mapping]] = ..., utilization: _Optional[float] = ..., profile: _Optional[_Iterable[float]] = ..., tokens_per_second_per_gpu: _Optional[float] = ...) -> None: ...

class TokenDemand(_message.Message):
    __slots__ = ("input", "output", "cached_share", "cache_write_share", "batch_share", "reasoning", "prompt_tokens", "output_ratio", "serving")
    INPUT_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    CACHED_SHARE_FIELD_NUMBER: _ClassVar[int]
    CACHE_WRITE_SHARE_FIELD_NUMBER: _ClassVar[int]
    BATCH_SHARE_FIELD_NUMBER: _ClassVar[int]
    REASONING_FIELD_NUMBER: _ClassVar[int]
    PROMPT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_RATIO_FIELD_NUMBER: _ClassVar[int]
    SERVING_FIELD_NUMBER: _ClassVar[int]
    input: int
    output: int
    cached_share: float
    cache_write_share: float
    batch_share: float
    reasoning: int
    prompt_tokens: int
    output_ratio: float
    serving: ServingTerms
    def __init__(self, input: _Optional[int] = ..., output: _Optional[int] = ..., cached_share: _Optional[float] = ..., cache_write_share: _Optional[float] = ..., batch_share: _Optional[float] = ..., reasoning: _Optional[int] = ..., prompt_tokens: _Optional[int] = ..., output_ratio: _Optional[float] = ..., serving: _Optional[_Union[ServingTerms, _Mapping]] = ...) -> None: ...

class LoanTerms(_message.Message):
    __slots__ = ("share", "rate", "months")
    SHARE_FIELD_NUMBER: _ClassVar[int]
    RATE_FIELD_NUMBER: _ClassVar[int]
    MONTHS_FIELD_NUMBER: _ClassVar[int]
    share: float
    rate: float
    months: int
    def __init__(self, share: _Optional[float] = ..., rate: _Optional[float] = ..., months: _Optional[int] = ...) -> None: ...

class OwnTerms(_message.Message):
    __slots__ = ("server_price", "gpus_per_server", "existing_gpu_count", "network_fraction", "storage", "hidden_fraction", "install_fraction", "spares_fraction", "power_kw_per_server", "pue", "electricity_per_kwh", "colocation_per_kw_month", "colocation_includes_power", "fte", "fte_annual_cost", "maintenance_fraction", "failure_rate", "under_warranty", "lead_time_months", "residual_fraction", "residual_age_months", "sales_tax_rate", "loan", "refresh_months", "capex", "opex_per_month", "opex_per_used_gpu_hour", "goodput", "depreciation_months", "licence_per_gpu_year")
    SERVER_PRICE_FIELD_NUMBER: _ClassVar[int]
    GPUS_PER_SERVER_FIELD_NUMBER: _ClassVar[int]
    EXISTING_GPU_COUNT_FIELD_NUMBER: _ClassVar[int]
    NETWORK_FRACTION_FIELD_NUMBER: _ClassVar[int]
    STORAGE_FIELD_NUMBER: _ClassVar[int]
    HIDDEN_FRACTION_FIELD_NUMBER: _ClassVar[int]
    INSTALL_FRACTION_FIELD_NUMBER: _ClassVar[int]
    SPARES_FRACTION_FIELD_NUMBER: _ClassVar[int]
    POWER_KW_PER_SERVER_FIELD_NUMBER: _ClassVar[int]
    PUE_FIELD_NUMBER: _ClassVar[int]
    ELECTRICITY_PER_KWH_FIELD_NUMBER: _ClassVar[int]
    COLOCATION_PER_KW_MONTH_FIELD_NUMBER: _ClassVar[int]
    COLOCATION_INCLUDES_POWER_FIELD_NUMBER: _ClassVar[int]
    FTE_FIELD_NUMBER: _ClassVar[int]
    FTE_ANNUAL_COST_FIELD_NUMBER: _ClassVar[int]
    MAINTENANCE_FRACTION_FIELD_NUMBER: _ClassVar[int]
    FAILURE_RATE_FIELD_NUMBER: _ClassVar[int]
    UNDER_WARRANTY_FIELD_NUMBER: _ClassVar[int]
    LEAD_TIME_MONTHS_FIELD_NUMBER: _ClassVar[int]
    RESIDUAL_FRACTION_FIELD_NUMBER: _ClassVar[int]
    RESIDUAL_AGE_MONTHS_FIELD_NUMBER: _ClassVar[int]
    SALES_TAX_RATE_FIELD_NUMBER: _ClassVar[int]
    LOAN_FIELD_NUMBER: _ClassVar[int]
    REFRESH_MONTHS_FIELD_NUMBER: _ClassVar[int]
    CAPEX_FIELD_NUMBER: _ClassVar[int]
    OPEX_PER_MONTH_FIELD_NUMBER: _ClassVar[int]
    OPEX_PER_USED_GPU_HOUR_FIELD_NUMBER: _ClassVar[int]
    GOODPUT_FIELD_NUMBER: _ClassVar[int]
    DEPRECIATION_MONTHS_FIELD_NUMBER: _ClassVar[int]
    LICENCE_PER_GPU_YEAR_FIELD_NUMBER: _ClassVar[int]
    server_price: _money_pb2.Money
    gpus_per_server: int
    existing_gpu_count: int
    network_fraction: float
    storage: _money_pb2.Money
    hidden_fraction: float
    install_fraction: float
    spares_fraction: float
    power_kw_per_server: float
    pue: float
    electricity_per_kwh: _money_pb2.Money
    colocation_per_kw_month: _money_pb2.Money
    colocation_includes_power: bool
    fte: float
    fte_annual_cost: _money_pb2.Money
    maintenance_fraction: float
    failure_rate: float
    under_warranty: bool
    lead_time_months: float
    residual_fraction: float
    residual_age_months: int
    sales_tax_rate: float
    loan: LoanTerms
    refresh_months: int
    capex: _money_pb2.Money
    opex_per_month: _money_pb2.Money
    opex_per_used_gpu_hour: _money_pb2.Money
    goodput: float
    depreciation_months: int
    licence_per_gpu_year: _money_pb2.Money
    def __init__(self, server_price: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., gpus_per_server: _Optional[int] = ..., existing_gpu_count: _Optional[int] = ..., network_fraction: _Optional[float] = ..., storage: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., hidden_fraction: _Optional[float] = ..., install_fraction: _Optional[float] = ..., spares_fraction: _Optional[float] = ..., power_kw_per_server: _Optional[float] = ..., pue: _Optional[float] = ..., electricity_per_kwh: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., colocation_per_kw_month: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., colocation_includes_power: _Optional[bool] = ..., fte: _Optional[float] = ..., fte_annual_cost: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., maintenance_fraction: _Optional[float] = ..., failure_rate: _Optional[float] = ..., under_warranty: _Optional[bool] = ..., lead_time_months: _Optional[float] = ..., residual_fraction: _Optional[float] = ..., residual_age_months: _Optional[int] = ..., sales_tax_rate: _Optional[float] = ..., loan: _Optional[_Union[LoanTerms, _Mapping]] = ..., refresh_months: _Optional[int] = ..., capex: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., opex_per_month: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., opex_per_used_gpu_hour: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., goodput: _Optional[float] = ..., depreciation_months: _Optional[int] = ..., licence_per_gpu_year: _Optional[_Union[_money_pb2.Money, _Mapping]] = ...) -> None: ...

class BuildingTerms(_message.Message):
    __slots__ = ("per_mw", "land", "build_months", "minimum_annual_spend", "life_months", "pue")
    PER_MW_FIELD_NUMBER: _ClassVar[int]
    LAND_FIELD_NUMBER: _ClassVar[int]
    BUILD_MONTHS_FIELD_NUMBER: _ClassVar[int]
    MINIMUM_ANNUAL_SPEND_FIELD_NUMBER: _ClassVar[int]
    LIFE_MONTHS_FIELD_NUMBER: _ClassVar[int]
    PUE_FIELD_NUMBER: _ClassVar[int]
    per_mw: _money_pb2.Money
    land: _money_pb2.Money
    build_months: int
    minimum_annual_spend: _money_pb2.Money
    life_months: int
    pue: float
    def __init__(self, per_mw: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., land: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., build_months: _Optional[int] = ..., minimum_annual_spend: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., life_months: _Optional[int] = ..., pue: _Optional[float] = ...) -> None: ...

class RentTerms(_message.Message):
    __slots__ = ("price_per_gpu_hour", "constraints", "idle_share", "drift", "drift_sd", "volatility", "reversion", "uplift", "data_cost_per_month", "goodput", "stock_gpus")
    PRICE_PER_GPU_HOUR_FIELD_NUMBER: _ClassVar[int]
    CONSTRAINTS_FIELD_NUMBER: _ClassVar[int]
    IDLE_SHARE_FIELD_NUMBER: _ClassVar[int]
    DRIFT_FIELD_NUMBER: _ClassVar[int]
    DRIFT_SD_FIELD_NUMBER: _ClassVar[int]
    VOLATILITY_FIELD_NUMBER: _ClassVar[int]
    REVERSION_FIELD_NUMBER: _ClassVar[int]
    UPLIFT_FIELD_NUMBER: _ClassVar[int]
    DATA_COST_PER_MONTH_FIELD_NUMBER: _ClassVar[int]
    GOODPUT_FIELD_NUMBER: _ClassVar[int]
    STOCK_GPUS_FIELD_NUMBER: _ClassVar[int]
    price_per_gpu_hour: _money_pb2.Money
    constraints: _constraints_pb2.OfferConstraints
    idle_share: float
    drift: float
    drift_sd: float
    volatility: float
    reversion: float
    uplift: float
    data_cost_per_month: _money_pb2.Money
    goodput: float
    stock_gpus: int
    def __init__(self, price_per_gpu_hour: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., constraints: _Optional[_Union[_constraints_pb2.OfferConstraints, _Mapping]] = ..., idle_share: _Optional[float] = ..., drift: _Optional[float] = ..., drift_sd: _Optional[float] = ..., volatility: _Optional[float] = ..., reversion: _Optional[float] = ..., uplift: _Optional[float] = ..., data_cost_per_month: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., goodput: _Optional[float] = ..., stock_gpus: _Optional[int] = ...) -> None: ...

class CommitTerms(_message.Message):
    __slots__ = ("term_months", "price_per_gpu_hour", "discount_percent", "upfront")
    TERM_MONTHS_FIELD_NUMBER: _ClassVar[int]
    PRICE_PER_GPU_HOUR_FIELD_NUMBER: _ClassVar[int]
    DISCOUNT_PERCENT_FIELD_NUMBER: _ClassVar[int]
    UPFRONT_FIELD_NUMBER: _ClassVar[int]
    term_months: int
    price_per_gpu_hour: _money_pb2.Money
    discount_percent: float
    upfront: float
    def __init__(self, term_months: _Optional[int] = ..., price_per_gpu_hour: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., discount_percent: _Optional[float] = ..., upfront: _Optional[float] = ...) -> None: ...

class SpotTerms(_message.Message):
    __slots__ = ("share", "discount_percent", "interruption_per_month", "checkpoint_interval_hours", "restart_hours", "requeue_wait_hours")
    SHARE_FIELD_NUMBER: _ClassVar[int]
    DISCOUNT_PERCENT_FIELD_NUMBER: _ClassVar[int]
    INTERRUPTION_PER_MONTH_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_INTERVAL_HOURS_FIELD_NUMBER: _ClassVar[int]
    RESTART_HOURS_FIELD_NUMBER: _ClassVar[int]
    REQUEUE_WAIT_HOURS_FIELD_NUMBER: _ClassVar[int]
    share: float
    discount_percent: float
    interruption_per_month: float
    checkpoint_interval_hours: float
    restart_hours: float
    requeue_wait_hours: float
    def __init__(self, share: _Optional[float] = ..., discount_percent: _Optional[float] = ..., interruption_per_month: _Optional[float] = ..., checkpoint_interval_hours: _Optional[float] = ..., restart_hours: _Optional[float] = ..., requeue_wait_hours: _Optional[float] = ...) -> None: ...

class BuildVsBuyOverrides(_message.Message):
    __slots__ = ("residency", "air_gap", "export_control", "power_available", "sku_available")
    RESIDENCY_FIELD_NUMBER: _ClassVar[int]
    AIR_GAP_FIELD_NUMBER: _ClassVar[int]
    EXPORT_CONTROL_FIELD_NUMBER: _ClassVar[int]
    POWER_AVAILABLE_FIELD_NUMBER: _ClassVar[int]
    SKU_AVAILABLE_FIELD_NUMBER: _ClassVar[int]
    residency: bool
    air_gap: bool
    export_control: bool
    power_available: bool
    sku_available: bool
    def __init__(self, residency: _Optional[bool] = ..., air_gap: _Optional[bool] = ..., export_control: _Optional[bool] = ..., power_available: _Optional[bool] = ..., sku_available: _Optional[bool] = ...) -> None: ...

class AnalyzeBuildVsBuyRequest(_message.Message):
    __slots__ = ("demand", "tokens_per_month", "model", "model_provider", "horizon_months", "start_month", "discount_rate", "tax_rate", "currency_code", "region_code", "country_code", "own", "building", "rent", "commit", "spot", "adjustments", "overrides", "max_loss", "seed", "draws", "hours_per_month", "catalog_revision")
    DEMAND_FIELD_NUMBER: _ClassVar[int]
    TOKENS_PER_MONTH_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    MODEL_PROVIDER_FIELD_NUMBER: _ClassVar[int]
    HORIZON_MONTHS_FIELD_NUMBER: _ClassVar[int]
    START_MONTH_FIELD_NUMBER: _ClassVar[int]
    DISCOUNT_RATE_FIELD_NUMBER: _ClassVar[int]
    TAX_RATE_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_CODE_FIELD_NUMBER: _ClassVar[int]
    REGION_CODE_FIELD_NUMBER: _ClassVar[int]
    COUNTRY_CODE_FIELD_NUMBER: _ClassVar[int]
    OWN_FIELD_NUMBER: _ClassVar[int]
    BUILDING_FIELD_NUMBER: _ClassVar[int]
    RENT_FIELD_NUMBER: _ClassVar[int]
    COMMIT_FIELD_NUMBER: _ClassVar[int]
    SPOT_FIELD_NUMBER: _ClassVar[int]
    ADJUSTMENTS_FIELD_NUMBER: _ClassVar[int]
    OVERRIDES_FIELD_NUMBER: _ClassVar[int]
    MAX_LOSS_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    DRAWS_FIELD_NUMBER: _ClassVar[int]
    HOURS_PER_MONTH_FIELD_NUMBER: _ClassVar[int]
    CATALOG_REVISION_FIELD_NUMBER: _ClassVar[int]
    demand: GpuDemand
    tokens_per_month: TokenDemand
    model: str
    model_provider: str
    horizon_months: int
    start_month: str
    discount_rate: float
    tax_rate: float
    currency_code: str
    region_code: str
    country_code: str
    own: OwnTerms
    building: BuildingTerms
    rent: RentTerms
    commit: _containers.RepeatedCompositeFieldContainer[CommitTerms]
    spot: SpotTerms
    adjustments: _containers.RepeatedCompositeFieldContainer[_constraints_pb2.Adjustment]
    overrides: BuildVsBuyOverrides
    max_loss: float
    seed: int
    draws: int
    hours_per_month: float
    catalog_revision: str
    def __init__(self, demand: _Optional[_Union[GpuDemand, _Mapping]] = ..., tokens_per_month: _Optional[_Union[TokenDemand, _Mapping]] = ..., model: _Optional[str] = ..., model_provider: _Optional[str] = ..., horizon_months: _Optional[int] = ..., start_month: _Optional[str] = ..., discount_rate: _Optional[float] = ..., tax_rate: _Optional[float] = ..., currency_code: _Optional[str] = ..., region_code: _Optional[str] = ..., country_code: _Optional[str] = ..., own: _Optional[_Union[OwnTerms, _Mapping]] = ..., building: _Optional[_Union[BuildingTerms, _Mapping]] = ..., rent: _Optional[_Union[RentTerms, _Mapping]] = ..., commit: _Optional[_Iterable[_Union[CommitTerms, _Mapping]]] = ..., spot: _Optional[_Union[SpotTerms, _Mapping]] = ..., adjustments: _Optional[_Iterable[_Union[_constraints_pb2.Adjustment, _Mapping]]] = ..., overrides: _Optional[_Union[BuildVsBuyOverrides, _Mapping]] = ..., max_loss: _Optional[float] = ..., seed: _Optional[int] = ..., draws: _Optional[int] = ..., hours_per_month: _Optional[float] = ..., catalog_revision: _Optional[str] = ...) -> None: ...

class ValueBand(_message.Message):
    __slots__ = ("p5", "p50", "p95")
    P5_FIELD_NUMBER: _ClassVar[int]
    P50_FIELD_NUMBER: _ClassVar[int]
    P95_FIELD_NUMBER: _ClassVar[int]
    p5: _money_pb2.Money
    p50: _money_pb2.Money
    p95: _money_pb2.Money
    def __init__(self, p5: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., p50: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., p95: _Optional[_Union[_money_pb2.Money, _Mapping]] = ...) -> None: ...

class CashFlow(_message.Message):
    __slots__ = ("month", "category", "nominal", "discounted", "is_cash", "calendar_month")
    MONTH_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    NOMINAL_FIELD_NUMBER: _ClassVar[int]
    DISCOUNTED_FIELD_NUMBER: _ClassVar[int]
    IS_CASH_FIELD_NUMBER: _ClassVar[int]
    CALENDAR_MONTH_FIELD_NUMBER: _ClassVar[int]
    month: int
    category: str
    nominal: _money_pb2.Money
    discounted: _money_pb2.Money
    is_cash: bool
    calendar_month: str
    def __init__(self, month: _Optional[int] = ..., category: _Optional[str] = ..., nominal: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., discounted: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., is_cash: _Optional[bool] = ..., calendar_month: _Optional[str] = ...) -> None: ...

class FocusLine(_message.Message):
    __slots__ = ("category", "list_cost", "contracted_cost", "effective_cost", "billed_cost", "pricing_category", "commitment_discount_type")
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    LIST_COST_FIELD_NUMBER: _ClassVar[int]
    CONTRACTED_COST_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_COST_FIELD_NUMBER: _ClassVar[int]
    BILLED_COST_FIELD_NUMBER: _ClassVar[int]
    PRICING_CATEGORY_FIELD_NUMBER: _ClassVar[int]
    COMMITMENT_DISCOUNT_TYPE_FIELD_NUMBER: _ClassVar[int]
    category: str
    list_cost: _money_pb2.Money
    contracted_cost: _money_pb2.Money
    effective_cost: _money_pb2.Money
    billed_cost: _money_pb2.Money
    pricing_category: str
    commitment_discount_type: str
    def __init__(self, category: _Optional[str] = ..., list_cost: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., contracted_cost: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., effective_cost: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., billed_cost: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., pricing_category: _Optional[str] = ..., commitment_discount_type: _Optional[str] = ...) -> None: ...

class BuildVsBuyOption(_message.Message):
    __slots__ = ("kind", "npv", "npv_band", "levelized_cost_per_gpu_hour", "levelized_cost_band", "probability_cheapest", "regret", "cash_peak", "cash_flows", "focus_lines", "excluded_by", "levelized_cost_per_million_tokens")
    KIND_FIELD_NUMBER: _ClassVar[int]
    NPV_FIELD_NUMBER: _ClassVar[int]
    NPV_BAND_FIELD_NUMBER: _ClassVar[int]
    LEVELIZED_COST_PER_GPU_HOUR_FIELD_NUMBER: _ClassVar[int]
    LEVELIZED_COST_BAND_FIELD_NUMBER: _ClassVar[int]
    PROBABILITY_CHEAPEST_FIELD_NUMBER: _ClassVar[int]
    REGRET_FIELD_NUMBER: _ClassVar[int]
    CASH_PEAK_FIELD_NUMBER: _ClassVar[int]
    CASH_FLOWS_FIELD_NUMBER: _ClassVar[int]
    FOCUS_LINES_FIELD_NUMBER: _ClassVar[int]
    EXCLUDED_BY_FIELD_NUMBER: _ClassVar[int]
    LEVELIZED_COST_PER_MILLION_TOKENS_FIELD_NUMBER: _ClassVar[int]
    kind: OptionKind
    npv: _money_pb2.Money
    npv_band: ValueBand
    levelized_cost_per_gpu_hour: _money_pb2.Money
    levelized_cost_band: ValueBand
    probability_cheapest: float
    regret: _money_pb2.Money
    cash_peak: _money_pb2.Money
    cash_flows: _containers.RepeatedCompositeFieldContainer[CashFlow]
    focus_lines: _containers.RepeatedCompositeFieldContainer[FocusLine]
    excluded_by: _containers.RepeatedScalarFieldContainer[str]
    levelized_cost_per_million_tokens: _money_pb2.Money
    def __init__(self, kind: _Optional[_Union[OptionKind, str]] = ..., npv: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., npv_band: _Optional[_Union[ValueBand, _Mapping]] = ..., levelized_cost_per_gpu_hour: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., levelized_cost_band: _Optional[_Union[ValueBand, _Mapping]] = ..., probability_cheapest: _Optional[float] = ..., regret: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., cash_peak: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., cash_flows: _Optional[_Iterable[_Union[CashFlow, _Mapping]]] = ..., focus_lines: _Optional[_Iterable[_Union[FocusLine, _Mapping]]] = ..., excluded_by: _Optional[_Iterable[str]] = ..., levelized_cost_per_million_tokens: _Optional[_Union[_money_pb2.Money, _Mapping]] = ...) -> None: ...

class BreakEven(_message.Message):
    __slots__ = ("value", "reason")
    VALUE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    value: float
    reason: str
    def __init__(self, value: _Optional[float] = ..., reason: _Optional[str] = ...) -> None: ...

class MixedPlan(_message.Message):
    __slots__ = ("own_gpu_count", "committed_gpu_count", "on_demand_peak_gpu_count", "npv", "last_gpu_use")
    OWN_GPU_COUNT_FIELD_NUMBER: _ClassVar[int]
    COMMITTED_GPU_COUNT_FIELD_NUMBER: _ClassVar[int]
    ON_DEMAND_PEAK_GPU_COUNT_FIELD_NUMBER: _ClassVar[int]
    NPV_FIELD_NUMBER: _ClassVar[int]
    LAST_GPU_USE_FIELD_NUMBER: _ClassVar[int]
    own_gpu_count: int
    committed_gpu_count: int
    on_demand_peak_gpu_count: float
    npv: _money_pb2.Money
    last_gpu_use: float
    def __init__(self, own_gpu_count: _Optional[int] = ..., committed_gpu_count: _Optional[int] = ..., on_demand_peak_gpu_count: _Optional[float] = ..., npv: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., last_gpu_use: _Optional[float] = ...) -> None: ...

class SensitivityBar(_message.Message):
    __slots__ = ("input", "low", "high")
    INPUT_FIELD_NUMBER: _ClassVar[int]
    LOW_FIELD_NUMBER: _ClassVar[int]
    HIGH_FIELD_NUMBER: _ClassVar[int]
    input: str
    low: _money_pb2.Money
    high: _money_pb2.Money
    def __init__(self, input: _Optional[str] = ..., low: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., high: _Optional[_Union[_money_pb2.Money, _Mapping]] = ...) -> None: ...

class VerdictFlip(_message.Message):
    __slots__ = ("input", "value", "within_range")
    INPUT_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    WITHIN_RANGE_FIELD_NUMBER: _ClassVar[int]
    input: str
    value: float
    within_range: bool
    def __init__(self, input: _Optional[str] = ..., value: _Optional[float] = ..., within_range: _Optional[bool] = ...) -> None: ...

class DriftCase(_message.Message):
    __slots__ = ("drift", "own_advantage")
    DRIFT_FIELD_NUMBER: _ClassVar[int]
    OWN_ADVANTAGE_FIELD_NUMBER: _ClassVar[int]
    drift: float
    own_advantage: _money_pb2.Money
    def __init__(self, drift: _Optional[float] = ..., own_advantage: _Optional[_Union[_money_pb2.Money, _Mapping]] = ...) -> None: ...

class RangedAssumption(_message.Message):
    __slots__ = ("name", "low", "base", "high", "unit", "source", "date")
    NAME_FIELD_NUMBER: _ClassVar[int]
    LOW_FIELD_NUMBER: _ClassVar[int]
    BASE_FIELD_NUMBER: _ClassVar[int]
    HIGH_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    DATE_FIELD_NUMBER: _ClassVar[int]
    name: str
    low: float
    base: float
    high: float
    unit: str
    source: str
    date: str
    def __init__(self, name: _Optional[str] = ..., low: _Optional[float] = ..., base: _Optional[float] = ..., high: _Optional[float] = ..., unit: _Optional[str] = ..., source: _Optional[str] = ..., date: _Optional[str] = ...) -> None: ...

class CommitRung(_message.Message):
    __slots__ = ("term_months", "price_per_gpu_hour", "npv", "until_month")
    TERM_MONTHS_FIELD_NUMBER: _ClassVar[int]
    PRICE_PER_GPU_HOUR_FIELD_NUMBER: _ClassVar[int]
    NPV_FIELD_NUMBER: _ClassVar[int]
    UNTIL_MONTH_FIELD_NUMBER: _ClassVar[int]
    term_months: int
    price_per_gpu_hour: _money_pb2.Money
    npv: _money_pb2.Money
    until_month: int
    def __init__(self, term_months: _Optional[int] = ..., price_per_gpu_hour: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., npv: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., until_month: _Optional[int] = ...) -> None: ...

class SitePlan(_message.Message):
    __slots__ = ("server_count", "gpu_count", "nameplate_kw", "facility_kw", "rack_count", "needs_liquid_cooling", "fte")
    SERVER_COUNT_FIELD_NUMBER: _ClassVar[int]
    GPU_COUNT_FIELD_NUMBER: _ClassVar[int]
    NAMEPLATE_KW_FIELD_NUMBER: _ClassVar[int]
    FACILITY_KW_FIELD_NUMBER: _ClassVar[int]
    RACK_COUNT_FIELD_NUMBER: _ClassVar[int]
    NEEDS_LIQUID_COOLING_FIELD_NUMBER: _ClassVar[int]
    FTE_FIELD_NUMBER: _ClassVar[int]
    server_count: int
    gpu_count: int
    nameplate_kw: float
    facility_kw: float
    rack_count: int
    needs_liquid_cooling: bool
    fte: float
    def __init__(self, server_count: _Optional[int] = ..., gpu_count: _Optional[int] = ..., nameplate_kw: _Optional[float] = ..., facility_kw: _Optional[float] = ..., rack_count: _Optional[int] = ..., needs_liquid_cooling: _Optional[bool] = ..., fte: _Optional[float] = ...) -> None: ...

class TokenServing(_message.Message):
    __slots__ = ("model", "gpu_model", "precision", "prompt_tokens", "output_tokens", "requests_per_second", "tokens_per_second", "peak_tokens_per_second", "tokens_per_second_per_gpu", "gpus_per_replica", "spare_gpu_count", "gpu_count", "measured", "nearest_measured", "possible_tokens_per_second")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    GPU_MODEL_FIELD_NUMBER: _ClassVar[int]
    PRECISION_FIELD_NUMBER: _ClassVar[int]
    PROMPT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    REQUESTS_PER_SECOND_FIELD_NUMBER: _ClassVar[int]
    TOKENS_PER_SECOND_FIELD_NUMBER: _ClassVar[int]
    PEAK_TOKENS_PER_SECOND_FIELD_NUMBER: _ClassVar[int]
    TOKENS_PER_SECOND_PER_GPU_FIELD_NUMBER: _ClassVar[int]
    GPUS_PER_REPLICA_FIELD_NUMBER: _ClassVar[int]
    SPARE_GPU_COUNT_FIELD_NUMBER: _ClassVar[int]
    GPU_COUNT_FIELD_NUMBER: _ClassVar[int]
    MEASURED_FIELD_NUMBER: _ClassVar[int]
    NEAREST_MEASURED_FIELD_NUMBER: _ClassVar[int]
    POSSIBLE_TOKENS_PER_SECOND_FIELD_NUMBER: _ClassVar[int]
    model: str
    gpu_model: str
    precision: _workload_pb2.Precision
    prompt_tokens: int
    output_tokens: int
    requests_per_second: float
    tokens_per_second: float
    peak_tokens_per_second: float
    tokens_per_second_per_gpu: _estimate_pb2.Band
    gpus_per_replica: int
    spare_gpu_count: int
    gpu_count: _estimate_pb2.Band
    measured: bool
    nearest_measured: _estimate_pb2.MeasuredRow
    possible_tokens_per_second: float
    def __init__(self, model: _Optional[str] = ..., gpu_model: _Optional[str] = ..., precision: _Optional[_Union[_workload_pb2.Precision, str]] = ..., prompt_tokens: _Optional[int] = ..., output_tokens: _Optional[int] = ..., requests_per_second: _Optional[float] = ..., tokens_per_second: _Optional[float] = ..., peak_tokens_per_second: _Optional[float] = ..., tokens_per_second_per_gpu: _Optional[_Union[_estimate_pb2.Band, _Mapping]] = ..., gpus_per_replica: _Optional[int] = ..., spare_gpu_count: _Optional[int] = ..., gpu_count: _Optional[_Union[_estimate_pb2.Band, _Mapping]] = ..., measured: _Optional[bool] = ..., nearest_measured: _Optional[_Union[_estimate_pb2.MeasuredRow, _Mapping]] = ..., possible_tokens_per_second: _Optional[float] = ...) -> None: ...

class BuildVsBuySummary(_message.Message):
    __slots__ = ("cfo", "procurement", "infrastructure")
    CFO_FIELD_NUMBER: _ClassVar[int]
    PROCUREMENT_FIELD_NUMBER: _ClassVar[int]
    INFRASTRUCTURE_FIELD_NUMBER: _ClassVar[int]
    cfo: str
    procurement: str
    infrastructure: str
    def __init__(self, cfo: _Optional[str] = ..., procurement: _Optional[str] = ..., infrastructure: _Optional[str] = ...) -> None: ...

class AnalyzeBuildVsBuyResponse(_message.Message):
    __slots__ = ("verdict", "reason", "probability_own_wins", "options", "mixed", "break_even_utilization", "break_even_month", "break_even_rent", "sensitivity", "flips", "drifts", "commit_ladder", "implied_drift", "site", "useful_gpu_hours", "summary", "offers_used", "assumptions", "caveats", "exchange_rate", "catalog_revision", "as_of", "compared_option", "compared_with", "serving")
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    PROBABILITY_OWN_WINS_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    MIXED_FIELD_NUMBER: _ClassVar[int]
    BREAK_EVEN_UTILIZATION_FIELD_NUMBER: _ClassVar[int]
    BREAK_EVEN_MONTH_FIELD_NUMBER: _ClassVar[int]
    BREAK_EVEN_RENT_FIELD_NUMBER: _ClassVar[int]
    SENSITIVITY_FIELD_NUMBER: _ClassVar[int]
    FLIPS_FIELD_NUMBER: _ClassVar[int]
    DRIFTS_FIELD_NUMBER: _ClassVar[int]
    COMMIT_LADDER_FIELD_NUMBER: _ClassVar[int]
    IMPLIED_DRIFT_FIELD_NUMBER: _ClassVar[int]
    SITE_FIELD_NUMBER: _ClassVar[int]
    USEFUL_GPU_HOURS_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    OFFERS_USED_FIELD_NUMBER: _ClassVar[int]
    ASSUMPTIONS_FIELD_NUMBER: _ClassVar[int]
    CAVEATS_FIELD_NUMBER: _ClassVar[int]
    EXCHANGE_RATE_FIELD_NUMBER: _ClassVar[int]
    CATALOG_REVISION_FIELD_NUMBER: _ClassVar[int]
    AS_OF_FIELD_NUMBER: _ClassVar[int]
    COMPARED_OPTION_FIELD_NUMBER: _ClassVar[int]
    COMPARED_WITH_FIELD_NUMBER: _ClassVar[int]
    SERVING_FIELD_NUMBER: _ClassVar[int]
    verdict: OptionKind
    reason: str
    probability_own_wins: float
    options: _containers.RepeatedCompositeFieldContainer[BuildVsBuyOption]
    mixed: MixedPlan
    break_even_utilization: BreakEven
    break_even_month: BreakEven
    break_even_rent: BreakEven
    sensitivity: _containers.RepeatedCompositeFieldContainer[SensitivityBar]
    flips: _containers.RepeatedCompositeFieldContainer[VerdictFlip]
    drifts: _containers.RepeatedCompositeFieldContainer[DriftCase]
    commit_ladder: _containers.RepeatedCompositeFieldContainer[CommitRung]
    implied_drift: float
    site: SitePlan
    useful_gpu_hours: float
    summary: BuildVsBuySummary
    offers_used: _containers.RepeatedCompositeFieldContainer[_estimate_pb2.OfferUse]
    assumptions: _containers.RepeatedCompositeFieldContainer[RangedAssumption]
    caveats: _containers.RepeatedCompositeFieldContainer[_caveat_pb2.Caveat]
    exchange_rate: _money_pb2.ExchangeRate
    catalog_revision: str
    as_of: _timestamp_pb2.Timestamp
    compared_option: OptionKind
    compared_with: OptionKind
    serving: TokenServing
    def __init__(self, verdict: _Optional[_Union[OptionKind, str]] = ..., reason: _Optional[str] = ..., probability_own_wins: _Optional[float] = ..., options: _Optional[_Iterable[_Union[BuildVsBuyOption, _Mapping]]] = ..., mixed: _Optional[_Union[MixedPlan, _Mapping]] = ..., break_even_utilization: _Optional[_Union[BreakEven, _Mapping]] = ..., break_even_month: _Optional[_Union[BreakEven, _Mapping]] = ..., break_even_rent: _Optional[_Union[BreakEven, _Mapping]] = ..., sensitivity: _Optional[_Iterable[_Union[SensitivityBar, _Mapping]]] = ..., flips: _Optional[_Iterable[_Union[VerdictFlip, _Mapping]]] = ..., drifts: _Optional[_Iterable[_Union[DriftCase, _Mapping]]] = ..., commit_ladder: _Optional[_Iterable[_Union[CommitRung, _Mapping]]] = ..., implied_drift: _Optional[float] = ..., site: _Optional[_Union[SitePlan, _Mapping]] = ..., useful_gpu_hours: _Optional[float] = ..., summary: _Optional[_Union[BuildVsBuySummary, _Mapping]] = ..., offers_used: _Optional[_Iterable[_Union[_estimate_pb2.OfferUse, _Mapping]]] = ..., assumptions: _Optional[_Iterable[_Union[RangedAssumption, _Mapping]]] = ..., caveats: _Optional[_Iterable[_Union[_caveat_pb2.Caveat, _Mapping]]] = ..., exchange_rate: _Optional[_Union[_money_pb2.ExchangeRate, _Mapping]] = ..., catalog_revision: _Optional[str] = ..., as_of: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., compared_option: _Optional[_Union[OptionKind, str]] = ..., compared_with: _Optional[_Union[OptionKind, str]] = ..., serving: _Optional[_Union[TokenServing, _Mapping]] = ...) -> None: ...
