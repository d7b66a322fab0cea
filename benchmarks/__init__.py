"""The engine against its references, side by side in one process: `python -m benchmarks`."""
