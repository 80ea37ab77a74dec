"""How long a day, a week, a year are, and how much a mega is."""

HOURS_PER_DAY = 24
HOURS_PER_WEEK = 168
MONTHS_PER_YEAR = 12
KW_PER_MW = 1000
TOKENS_PER_PRICE = 1_000_000
