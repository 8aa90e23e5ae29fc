"""What can go wrong while a model is adapted. Each leaves the last good checkpoint where it is."""

from __future__ import annotations

from pathlib import Path

from ingestion.errors import LecternError, ModelUnavailable


class TrainingError(LecternError):
    """A training run cannot start or cannot go on."""


class LossNotFinite(TrainingError):
    """The loss or a gradient became NaN or infinite; the weights before that step are kept."""

    @classmethod
    def after(cls, what: str, saved: Path | None) -> LossNotFinite:
        """For runs that are refused with other settings: what can be done, and what was `saved`."""
        kept = f"The last saved weights are in {saved}." if saved else "Nothing was saved yet."
        return cls(
            what,
            "Start again, with --fresh or another --out, at a lower --lr, with a longer --warmup "
            f"or with --precision float32. {kept}",
        )


class KLDiverged(TrainingError):
    """The policy has moved further from its reference than the hard limit allows."""


class EmptySplit(TrainingError):
    """A split has no examples, or none is left after filtering."""


class TokenizerMismatch(TrainingError):
    """A tokenizer numbers its pieces differently from the one the model was trained with."""


class WrongBase(TrainingError, ModelUnavailable):
    """An adapter or checkpoint was made for another base model."""


class CheckpointNotSaved(TrainingError):
    """A checkpoint could not be written (the disk filled); the one before it is whole."""


class CheckpointUnusable(TrainingError):
    """A checkpoint is damaged, or belongs to a run with other settings or data."""


class AnotherRun(CheckpointUnusable):
    """A checkpoint is whole, and belongs to a run with other settings or data."""
