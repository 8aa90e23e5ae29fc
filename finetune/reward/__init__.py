"""Reward models: toxicity of a text, and which of two answers people prefer."""
