"""What a run cost: milliseconds by stage, the first answer of a new process, reading in, memory."""

import json
import sys
from collections.abc import Sequence

import numpy as np

from .run import Outcome


def costs(outcomes: Sequence[Outcome]) -> dict[str, dict[str, float]]:
    """Median and 95th percentile of each stage in milliseconds, and the peak memory of this process in megabytes.

    Memory is left out where the system does not tell it (Windows).
    """
    stages = list(outcomes[0].timings)
    found = {stage: [outcome.timings[stage] for outcome in outcomes] for stage in stages}
    table = {
        stage: {"p50": round(float(np.median(ms)), 1), "p95": round(float(np.quantile(ms, 0.95)), 1)}
        for stage, ms in found.items()
    }
    peak = peak_megabytes()
    return table if peak is None else {**table, "memory": {"peak": round(peak, 1)}}


def costs_json(outcomes: Sequence[Outcome]) -> str:
    """The same as JSON."""
    return json.dumps(costs(outcomes), indent=1) + "\n"


def peak_megabytes() -> float | None:
    """The most memory that this process has held; None where the system does not tell."""
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak / 1e3
