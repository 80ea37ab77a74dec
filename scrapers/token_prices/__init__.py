"""Prices of hosted models by the token: their sources, and how these are read and judged."""
