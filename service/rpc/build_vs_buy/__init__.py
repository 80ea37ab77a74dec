"""AnalyzeBuildVsBuy: its request to a question, the business case to its answer."""
