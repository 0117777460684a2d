"""Fitting: the targets, the loss, and a run that can be interrupted."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from rag.errors import DataError
from rag.labelled import Labelled, LabelledParagraph, LabelledQuestion, read_labelled
from rag.reading import ExtractiveReader
from rag.reading.extractive import SHIPPED_READER
from rag.reading.network import network_to_train
from rag.training import Mix, Plan, train
from rag.training.examples import Example
from rag.training.fit import _fingerprint, _tokenizer
from rag.training.loss import batch_of, loss_of

PLAIN = Mix({}, retrieved=0)
PLAN = Plan(PLAIN, epochs=3, batch=4, rate=3e-4)


@pytest.fixture(scope="module")
def labelled() -> Labelled:
    """Twelve paragraphs of one fact each."""
    paragraphs = []
    for number, (town, year) in enumerate(
        zip("Aden Bonn Cork Dover Essen Fez Graz Hull Ios Jena Kiel Lyon".split(), range(1901, 1913), strict=True)
    ):
        text = f"The bridge of {town} was opened by the mayor in {year}."
        at = text.index(str(year))
        question = LabelledQuestion(f"q{number}", f"When was the bridge of {town} opened?", ((at, at + 4),))
        paragraphs.append(LabelledParagraph("set", town, text, (question,)))
    return Labelled(tuple(paragraphs), (), {"set.json": "0" * 64})


def test_targets_by_hand() -> None:
    one = Example("When?", "Opened in 1932 or 1933.", ((10, 14), (18, 22)))
    every = Example("When?", "Opened in 1932 or 1933.", ((10, 14), (18, 22)), every=True)
    none = Example("Why?", "It is so.", ())
    batch = batch_of([one, every, none], _tokenizer())
    # [CLS] when ? [SEP] opened in 1932 or 1933 . [SEP]
    assert batch.starts[0].tolist() == batch.ends[0].tolist() == [0, 0, 0, 0, 0, 0, 0.5, 0, 0.5, 0, 0]
    assert batch.inside.tolist()[:2] == [[0] * 6 + [1] + [0] * 4, [0] * 6 + [1, 0, 1] + [0] * 2]
    assert batch.starts[2].tolist() == batch.ends[2].tolist() == [1] + [0] * 10
    assert batch.passage.tolist()[2] == [0] * 4 + [1] * 4 + [0] * 3


def test_a_span_that_the_window_cuts_off_is_no_answer() -> None:
    text = "word " * 600 + "1932"
    batch = batch_of([Example("When?", text, ((3000, 3004),))], _tokenizer())
    assert batch.starts.shape == (1, 384)
    assert batch.starts[0, 0] == 1


def test_loss_is_small_where_the_scores_are_right_and_large_where_they_are_wrong() -> None:
    batch = batch_of([Example("When?", "Opened in 1932.", ((10, 14),)), Example("Why?", "It is so.", ())], _tokenizer())
    right = torch.stack([batch.starts, batch.ends, batch.inside, 1 - batch.starts], dim=2) * 40 - 20
    assert float(loss_of(right, batch)) < 1e-6
    assert float(loss_of(-right, batch)) > 40


def test_scores_in_bfloat16_are_nearly_those_in_float32() -> None:
    network = network_to_train(SHIPPED_READER)
    inputs = batch_of([Example("When did it open?", "The bridge was opened in 1932.", ())], _tokenizer()).inputs
    with torch.no_grad():
        exact = network(*inputs)
        with torch.autocast("cpu", torch.bfloat16):
            halved = network(*inputs)
    assert halved.dtype == torch.bfloat16
    assert not torch.equal(halved.float(), exact)
    assert torch.allclose(halved.float(), exact, atol=0.02 * float(exact.abs().max()))


def test_an_interrupted_run_gives_the_same_weights(labelled: Labelled, tmp_path: Path) -> None:
    whole = train(labelled, PLAN, tmp_path / "whole")
    train(labelled, PLAN, tmp_path / "parts", stop_after=2)
    rest = train(labelled, PLAN, tmp_path / "parts", resume=True)
    assert whole.steps == rest.steps > 6
    assert whole.loss == rest.loss
    one, other = (load_file(tmp_path / name / "model.safetensors") for name in ("whole", "parts"))
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert not any("word_embeddings" in name for name in one)


def test_training_lowers_the_loss_and_the_reader_reads(labelled: Labelled, tmp_path: Path) -> None:
    first = train(labelled, PLAN, tmp_path / "a", stop_after=1)
    last = train(labelled, Plan(PLAIN, epochs=20, batch=4, rate=5e-4), tmp_path / "b")
    assert last.loss < first.loss / 2
    text = "The bridge of Rome was opened by the mayor in 1950."
    span = ExtractiveReader(tmp_path / "b").read("When was the bridge of Rome opened?", [text])[0]
    assert text[span.start : span.end] == "1950"


def test_a_run_goes_on_from_a_reader(labelled: Labelled, tmp_path: Path) -> None:
    train(labelled, PLAN, tmp_path / "a", stop_after=1)
    train(labelled, PLAN, tmp_path / "b", start=tmp_path / "a", stop_after=0)
    one, other = (load_file(tmp_path / name / "model.safetensors") for name in "ab")
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_minutes_end_a_run(labelled: Labelled, tmp_path: Path) -> None:
    done = train(labelled, Plan(PLAIN, minutes=0.02, batch=4), tmp_path)
    assert 0 < done.steps < 100
    assert done.seconds >= 1.2


def test_resuming_something_else_is_an_error(labelled: Labelled, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="There is nothing to resume"):
        train(labelled, PLAN, tmp_path, resume=True)
    train(labelled, PLAN, tmp_path, stop_after=0)
    with pytest.raises(DataError, match="was begun with other files or settings"):
        train(labelled, Plan(PLAIN, epochs=4), tmp_path, resume=True)
    renamed = replace(labelled, sha256={"other.json": "0" * 64})
    with pytest.raises(DataError, match="was begun with other files or settings"):
        train(renamed, PLAN, tmp_path, resume=True)


def test_a_checkpoint_that_is_none_is_an_error(labelled: Labelled, tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pt"
    state = {"fingerprint": _fingerprint(labelled, PLAN, None)}
    torch.save({"state": state, "network": {}, "optimizer": {}}, path)
    other_network = path.read_bytes()
    torch.save([1], path)
    for content in (b"", b"nonsense", b"{}", path.read_bytes(), other_network, other_network[:-100]):
        path.write_bytes(content)
        with pytest.raises(DataError, match=f"{path}.*without `--resume`, with `--overwrite`"):
            train(labelled, PLAN, tmp_path, resume=True)
        assert path.read_bytes() == content


def test_a_run_goes_on_with_its_files_in_their_order_and_the_weights_that_it_began_with(tmp_path: Path) -> None:
    one = Labelled((), (), {"a/one.json": "1", "b/two.json": "2"})
    assert _fingerprint(one, PLAN, None) == _fingerprint(
        replace(one, sha256={"one.json": "1", "two.json": "2"}), PLAN, None
    )
    assert _fingerprint(one, PLAN, None) != _fingerprint(
        replace(one, sha256={"two.json": "2", "one.json": "1"}), PLAN, None
    )
    begun = []
    for weights in (b"1", b"2"):
        (tmp_path / "model.safetensors").write_bytes(weights)
        begun.append(_fingerprint(one, PLAN, tmp_path))
    assert begun[0] != begun[1]


def test_questions_that_were_written_for_training_are_well_formed() -> None:
    import gzip

    import rag.training

    folder = Path(rag.training.__file__).parent
    lines = [json.loads(line) for line in gzip.decompress((folder / "written.jsonl.gz").read_bytes()).splitlines()]
    assert len(lines) > 60_000
    assert all(len(line["paragraph"]) == 16 and line["question"].strip() == line["question"] != "" for line in lines)
    assert all(0 <= a < b for line in lines for a, b in line["answers"])
    alone = [line for line in lines if "history" not in line]
    assert 0.4 < sum(not line["answers"] for line in alone) / len(alone) < 0.6
    leaning = [line for line in lines if "history" in line]
    assert 0.2 < sum(not line["answers"] for line in leaning) / len(leaning) < 0.4
    ours = read_labelled([folder / "paragraphs.json.gz"])
    both = read_labelled([folder / "paragraphs.json.gz", folder / "written.jsonl.gz"])
    assert (ours.faults, both.faults) == ((), ())
    assert ours.questions > 12_000
    assert both.questions > ours.questions + 3_000  # the ends of conversations on the same paragraphs
    asked = [question for paragraph in ours.paragraphs for question in paragraph.questions]
    assert 0.25 < sum(not question.spans for question in asked) / len(asked) < 0.4


def test_faults_do_not_stop_what_is_left(tmp_path: Path) -> None:
    questions = [
        {"id": "good", "question": "When?", "answers": [{"text": "1932", "answer_start": 21}]},
        {"id": "bad", "question": "When?", "answers": [{"text": "1932", "answer_start": 0}]},
    ]
    data = {
        "data": [
            {"title": str(n), "paragraphs": [{"context": "The bridge opened in 1932.", "qas": questions}]}
            for n in range(3)
        ]
    }
    (tmp_path / "set.json").write_text(json.dumps(data))
    read = read_labelled([tmp_path / "set.json"])
    assert (read.questions, len(read.faults)) == (3, 3)
    assert train(read, PLAN, tmp_path / "out", stop_after=1).steps == 1


def test_the_bar_goes_on_when_the_last_step_takes_longer_than_is_left() -> None:
    from rag.training.fit import _Bar, _State

    state = _State("", seconds=59.0, step=3)
    with _Bar(10, state, Plan(PLAIN, minutes=1.0), shown=True) as bar:
        state.seconds = 61.5
        bar.show(state)
        bar.show(state)
