"""Documents in, index out: readers, chunking, encoders, stores, catalog and the pipeline that
ties them.
"""
