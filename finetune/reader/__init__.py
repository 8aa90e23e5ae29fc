"""Training of the span reader: examples, negatives, the loop."""
