"""Toxicity of what a model continues prompts with, and whether it still says anything."""
