"""Build or buy: what the same GPU-hours cost by every way of having them, and how sure that is.

Pure: no clock, no store, no network, no files. Money is in one currency, paid money is negative,
and every uncertain input is a `Figure`. Shapes: a row is a draw (one set of values of the uncertain
inputs), column t is the end of month t, column 0 is the day of the decision.
"""
