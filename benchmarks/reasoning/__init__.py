"""The parts of `benchmarks/chain_of_thought.py`."""
