"""From what learners said about answers to an adapter that is promoted, or is not, and why."""
