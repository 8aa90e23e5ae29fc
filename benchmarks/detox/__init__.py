"""The parts of `benchmarks/detoxification.py`."""
