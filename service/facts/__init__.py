"""Dated tables with a source per row, and their loader."""
