"""Learns the byte-level BPE ranks that ship with the package: `python -m rag.index.encoding TEXT... --out FILE`.

The shipped ranks were learned from the paragraphs of SQuADShifts, QAMR, PolicyQA and a part of SQuAD 2.0's training
set; a file ending in .json or .json.gz is read as such a set, anything else as plain text.
"""

import base64
import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import click

from rag.encoding import PATTERN, RANKS

VOCABULARY = 16_384  # makes a file of 256 KB


@click.command(help=__doc__)
@click.argument("texts", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--vocabulary", default=VOCABULARY, show_default=True, help="How many tokens to learn, bytes included.")
@click.option("--out", default=RANKS, show_default=True, type=click.Path(dir_okay=False, path_type=Path))
def main(texts: tuple[Path, ...], vocabulary: int, out: Path) -> None:
    ranks = learn_ranks((text for path in texts for text in _texts(path)), vocabulary)
    out.write_bytes(b"".join(base64.b64encode(token) + b" %d\n" % rank for token, rank in ranks.items()))
    click.echo(f"{len(ranks):,} tokens, {out.stat().st_size:,} bytes, in {out}")


def learn_ranks(texts: Iterator[str], vocabulary: int) -> dict[bytes, int]:
    """Tokens with their ranks: the 256 bytes first, then each merge in the order in which it was learned."""
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PATTERN), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=vocabulary, initial_alphabet=sorted(alphabet), show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    byte_of = _byte_of_character()
    learned = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    return {bytes(byte_of[c] for c in token): rank for rank, (token, _) in enumerate(learned)}


def _byte_of_character() -> dict[str, int]:
    """GPT-2's table: printable bytes stand for themselves, the others for characters from U+0100 on."""
    printable = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(0x100 + n): byte for n, byte in enumerate(others)}


def _texts(path: Path) -> Iterator[str]:
    if path.name.endswith((".json", ".json.gz")):
        with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as file:
            for article in json.load(file)["data"]:
                yield from (paragraph["context"] for paragraph in article["paragraphs"])
    else:
        yield path.read_text(encoding="utf-8")


if __name__ == "__main__":
    main()
