"""Fitting an extractive reader to labelled questions."""

from .examples import Mix
from .fit import HELD_OUT, Plan, Trained, train

__all__ = ["HELD_OUT", "Mix", "Plan", "Trained", "train"]
