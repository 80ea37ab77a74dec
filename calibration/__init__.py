"""Fits the constants of the estimators to published measurements, and says how well they hold."""
