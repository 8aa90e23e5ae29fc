"""One module per binary format of the sample course; run examples/build_course.py."""
