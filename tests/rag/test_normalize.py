"""Values: what is certainly the same, and what is not."""

import pytest

from rag.normalize import normalize


@pytest.mark.parametrize(
    "same",
    [
        ("24 January 2022", "January 24, 2022", "Jan. 24 2022", "24th of January, 2022", "2022-01-24"),
        ("January 24", "24 Jan", "the 24th of January"),
        ("Sept. 1999", "September 1999"),
        ("100,000", "100000", "one hundred thousand", "One Hundred Thousand."),
        ("24", "twenty-four", "twenty four"),
        ("205", "two hundred and five"),
        ("1,122", "one thousand one hundred and twenty-two"),
        ("2,500,040", "two million five hundred thousand and forty"),
        ("“6”", "6", "'6'"),
        ("5 km", "five km"),
        ("$1.5 million", "1,500,000 dollars", "US$1.5 million"),
        ("5%", "5 %", "five percent", "5 per cent"),
        ("100,000 troops", "one hundred thousand troops"),
        ("the Kremlin", "Kremlin", "“Kremlin”", "the Kremlin's"),
        ("Zürich", "zu\u0308rich"),
    ],
)
def test_the_same_value_written_differently(same: tuple[str, ...]) -> None:
    assert len({normalize(text) for text in same}) == 1


@pytest.mark.parametrize(
    "different",
    [
        ("1/2/2022", "2/1/2022"),
        ("January 24", "January 24, 2022", "January 2022"),
        ("Olaf Scholz", "Scholz"),
        ("100,000", "100,000 troops", "100,001"),
        ("1.10", "1.1"),
        ("May", "March", "may 5"),
        ("a hundred", "hundreds"),
        ("$5", "5", "€5", "5%"),
        ("two and three", "5", "2"),
        ("seven to eight", "15", "78"),
        ("1990", "1990s"),
        ("-5%", "5%"),
        ("two thousand million pounds", "£2,000"),
        ("one hundred thousand million", "100,000"),
        ("one hundred and two hundred", "10,200", "102"),
        ("five hundred thousand and one million", "1.5 million"),
        ("twenty twenty-two", "42", "2022"),
        ("fifty-fifty", "100", "50"),
        (".5 percent", "5 percent"),
        ("10⁶", "106"),
        ("007", "7"),
        ("5 mW", "5 MW"),
        ("6'", '6"', "6"),
        ("", "0"),
    ],
)
def test_what_is_not_certainly_the_same_stays_apart(different: tuple[str, ...]) -> None:
    assert len({normalize(text) for text in different}) == len(different)
