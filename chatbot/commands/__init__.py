"""The verbs of the command line; every one a thin call into the rooms below."""
