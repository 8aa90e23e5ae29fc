"""Judges of a text or an answer, each a small adapter on the packaged encoder or on a T5."""
