"""Benchmarks: seeded corpora, the other parsers behind one interface, ratios taken in one run."""
