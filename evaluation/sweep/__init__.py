"""`lectern eval sweep`: the same questions under many settings, each held against the default."""
