"""Reading: the packaged encoder with a head finds the span of a passage that answers."""
