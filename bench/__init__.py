"""Measurements: ratios against a named peer or floor, taken in the same run."""
