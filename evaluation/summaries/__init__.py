"""Summaries measured: ROUGE against references, copying, length, and key points that are covered.

`example.py` holds the contract of a data set; each data set is one file that fulfils it.
"""
