"""Readers: one file per format; see `ingestion.readers.base` for the contract."""
