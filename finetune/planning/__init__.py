"""What a training run or an answer will need, before it is started: memory and time."""
