"""The parts of `benchmarks/lab_tables.py`."""
