"""Supervised fine-tuning: the loop, what it is measured by, and what it leaves."""
