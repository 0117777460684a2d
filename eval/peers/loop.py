"""The loop that every peer runs; it needs nothing but Python, since it runs in the peer's own environment."""

import json
import pathlib
import resource
import sys
import time


def serve(answer):
    """Answer requests with `answer(question, passages)`, which gives text, passage and start; an exception is told."""
    _say({"ready": True})
    for line in sys.stdin:
        request = json.loads(line)
        begun, error = time.perf_counter(), None
        try:
            text, passage, start = answer(request["question"], request["passages"])
        except Exception as raised:
            text, passage, start, error = "", None, None, f"{type(raised).__name__}: {raised}"
        spent = (time.perf_counter() - begun) * 1000
        reply = {"text": text, "passage": passage, "start": start, "error": error}
        _say({**reply, "milliseconds": spent, "megabytes": _peak_megabytes()})


def _say(reply):
    sys.stdout.write(json.dumps(reply) + "\n")
    sys.stdout.flush()


def _peak_megabytes():
    """The most memory held since the program began; what getrusage says counts the parent's too."""
    try:
        status = pathlib.Path("/proc/self/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) / 1e3
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
