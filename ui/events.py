"""An answer as server-sent events: `stage` for each stage of the work, then `answer`, or `problem`."""

import json
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from rag.errors import PinciteError
from rag.values import Answer, EveryAnswer, Stage

from .problems import told, unforeseen

MEDIA_TYPE = "text/event-stream"
_LOG = logging.getLogger(__name__)
_FAILED = "The question could not be answered."

Steps = Iterator[Stage | Answer | EveryAnswer]


async def streamed(
    steps: Steps, turn: AbstractAsyncContextManager[Any], answered: Callable[[Answer | EveryAnswer], None]
) -> StreamingResponse:
    """What `Assistant.asking` tells, as it comes. A question that is empty raises before anything is sent."""
    first = await run_in_threadpool(next, steps)

    async def following() -> Stage | Answer | EveryAnswer | None:
        async with turn:
            return await run_in_threadpool(next, steps, None)

    async def events() -> AsyncIterator[str]:
        yield _event("stage", first)
        try:
            while (step := await following()) is not None:
                if isinstance(step, Stage):
                    yield _event("stage", step)
                else:
                    answered(step)
                    yield _event("answer", step.to_dict())
        except PinciteError as error:
            yield _event("problem", {"title": _FAILED, "detail": told(error)})
        except Exception as error:  # the stream has begun: it is too late for a status
            _LOG.exception(_FAILED)
            yield _event("problem", {"title": _FAILED, "detail": unforeseen(error)})

    return StreamingResponse(events(), media_type=MEDIA_TYPE)


def _event(name: str, data: Any) -> str:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"
