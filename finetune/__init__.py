"""Adapt a FLAN-T5: data, supervised fine-tuning, rewards, preferences, export."""
