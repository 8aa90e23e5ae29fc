"""Knowing when not to answer: measures of a confidence on questions whose answerability is known.

`measures` defines them, `intervals` and `figures` add cluster bootstrap intervals, `calibration`
fits and splits by document, `report` asks the product and sums up, `left_out` searches an index
without some of its documents.
"""
