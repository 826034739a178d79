"""Benchmarks of the whole program, each with a goal that can be missed."""
