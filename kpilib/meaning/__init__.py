"""Meaning: expressions, curves, and lowering a tree under a reading."""
