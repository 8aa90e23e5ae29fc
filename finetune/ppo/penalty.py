"""What a policy is to have less of."""


class Penalty:
    """Marks a reward whose high scores are unwanted (toxicity, repetition): the one that weighs it
    says which way, because forgetting the minus sign would train for it.
    """
