"""How questions are answered: how sure an answer must be, how much is read, one answer or all."""

from html import escape
from typing import Any

from rag.assistant import Assistant
from rag.risk import Promise

MOST_READ = 20
BEST, EVERY = "the best answer", "every answer in the library"
_SINCE = " The documents changed, or were built again, since: <code>pincite calibrate</code> measures again."


def settings_tab(blocks: Any, assistant: Assistant) -> list[Any]:
    """The dials: threshold, passages, and which answers are given."""
    import gradio as gr

    def told(threshold: float) -> str:
        with assistant.library.view() as view:
            return expected(promise_for(assistant, view.promise), threshold, changed=view.is_promise_behind)

    def now() -> tuple[float, str]:
        threshold = usual_threshold(assistant)
        return threshold, told(threshold)

    threshold, words = now()
    sure = gr.Slider(
        0,
        1,
        threshold,
        step=0.01,
        label="How sure an answer must be",
        info="0: every best guess is shown. 1: almost nothing is. A question whose answer is less sure is refused.",
    )
    risk = gr.HTML(words, apply_default_css=False)
    passages = gr.Slider(
        1,
        MOST_READ,
        assistant.passages,
        step=1,
        label="How many passages are read",
        info="More take longer. Where every answer is wanted, at least 20 are read.",
    )
    which = gr.Radio([BEST, EVERY], value=BEST, label="What is given")
    private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    sure.change(told, sure, risk, **private)
    blocks.load(now, None, [sure, risk], **private)  # the library may have been calibrated since the start
    return [sure, passages, which]


def promise_for(assistant: Assistant, promise: Promise | None) -> Promise | None:
    """What was promised, if it was for the reader that reads now."""
    return promise if promise and promise.reader == assistant.reader.sha256 else None


def usual_threshold(assistant: Assistant) -> float:
    """The assistant's own threshold in its library, as the dial shows it."""
    with assistant.library.view() as view:
        return round(assistant.threshold_in(view), 2)


def expected(promise: Promise | None, threshold: float, *, changed: bool = False) -> str:
    """How many of the answers given at a threshold are likely wrong, in words; `changed`: the library has since."""
    share = promise.expected_wrong(threshold) if promise else None
    if promise is None or share is None:
        return (
            '<p class="hint">How many answers are wrong at a setting is not known for this library. Judge answers in '
            "the conversation, with the right place of wrong ones, then run <code>pincite labels export</code> and "
            "<code>pincite calibrate</code>.</p>"
        )
    return (
        f'<p class="hint">Of the answers given at this setting, about {share:.0%} are wrong, as measured on '
        f"{promise.questions:,} labelled questions on {escape(promise.date)}. "
        f"At {promise.threshold:.2f} it is promised that at most {promise.risk:.0%} are.{_SINCE if changed else ''}</p>"
    )
