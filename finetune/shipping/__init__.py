"""Shipping: a trained folder becomes a model that travels with Lectern (`lectern train ship`)."""
