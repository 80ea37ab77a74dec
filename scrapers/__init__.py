"""The collector: pages in, believed offers out."""
