"""The gate between learners' feedback and the adapter in use, on simulated learners."""

from __future__ import annotations

from benchmarks.bars.line import figure

_FILE = "feedback_gate"

LINES = (
    figure(
        "feedback",
        _FILE,
        "real_improvements_promoted",
        "20 rounds with 20 % noise: real improvements promoted",
        16,
        form="count",
    ),
    figure(
        "feedback", _FILE, "random_promoted", "20 rounds of coin flips: promoted", 2, form="fewer"
    ),
    figure("feedback", _FILE, "real_improvements", "20 % noise: real improvements", form="count"),
    figure("feedback", _FILE, "real_promoted", "20 % noise: promoted in all", form="count"),
    figure("feedback", _FILE, "random_improvements", "coin flips: improvements", form="count"),
    figure("feedback", _FILE, "real_gain", "20 % noise: F1 gained on fresh questions"),
    figure("feedback", _FILE, "random_gain", "coin flips: F1 gained on fresh questions"),
    figure("feedback", _FILE, "real_reward_accuracy", "20 % noise: reward model, held pairs"),
    figure("feedback", _FILE, "random_reward_accuracy", "coin flips: reward model, held pairs"),
)
