"""Pre-training of a small T5 from nothing: text → tokens → windows → span corruption → weights."""
