"""Sweeps: a grid of checks from a file, over many seeds, on one machine or a cluster."""

from ractheory.sweep.grid import Cell, Sweep, read_sweep, sweep_of
from ractheory.sweep.store import read

__all__ = ["Cell", "Sweep", "read", "read_sweep", "sweep_of"]
