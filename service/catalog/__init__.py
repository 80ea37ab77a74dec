"""Answers about prices, from an immutable snapshot in memory."""
