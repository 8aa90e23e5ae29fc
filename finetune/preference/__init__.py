"""Learning from preferences without a reward model: DPO, KTO and ORPO for a T5."""
