"""Engines: prompts in, text out. One file per way of running a FLAN-T5."""
