"""The business case of GPUs: a build-vs-buy question, joined with the market and the tables.

Between the contract and the engine (`service.build_vs_buy`): takes what a question leaves open from
live offers and dated tables, each as a `Figure` with its source, and asks the engine.
"""
