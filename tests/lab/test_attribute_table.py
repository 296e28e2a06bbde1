"""Tables of what pictures show, in all their forms, and what is no such table."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anycost.core.errors import CoreError
from anycost.lab.data.attribute_table import read_parts, read_table
from anycost.models.manifest import DIRECTION_NAME

CELEBA = "2\n5_o_Clock_Shadow Smiling Young \n000001.jpg -1  1 -1\n000002.jpg  1 -1  1\n"
CELEBA_HQ = "2\n5_o_Clock_Shadow Smiling Young\n000001.jpg  -1  1 -1 \n000002.jpg  1 -1 1 \n"
KAGGLE = "image_id,5_o_Clock_Shadow,Smiling,Young\n000001.jpg,-1,1,-1\n000002.jpg,1,-1,1\n"


def written(folder: Path, content: str | bytes) -> Path:
    path = folder / "table.txt"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    "content", [CELEBA, CELEBA_HQ, KAGGLE, CELEBA.replace("\n", "\r\n"), "\ufeff" + KAGGLE]
)
def test_all_forms_of_a_table_say_the_same(content: str, tmp_path: Path):
    table = read_table(written(tmp_path, content))
    assert table.names == ("5_o_Clock_Shadow", "Smiling", "Young")
    assert table.files == ("000001.jpg", "000002.jpg")
    assert table.values.tolist() == [[-1, 1, -1], [1, -1, 1]]


def test_zero_is_unknown_beside_minus_one_and_not_there_without_it(tmp_path: Path):
    assert read_table(written(tmp_path, "f,A,B\na,1,0\nb,0,-1\n")).values.tolist() == [[1, 0], [0, -1]]
    assert read_table(written(tmp_path, "f,A,B\na,1,0\nb,0,1\n")).values.tolist() == [[1, -1], [-1, 1]]


names = st.from_regex(DIRECTION_NAME, fullmatch=True).filter(lambda name: " " not in name)
files = st.from_regex(r"[A-Za-z0-9_-]{1,9}(/[A-Za-z0-9_-]{1,9})?\.jpg", fullmatch=True)


@settings(max_examples=40)
@given(st.data(), st.booleans())
def test_every_table_comes_back_from_both_forms(tmp_path: Path, data: st.DataObject, as_csv: bool):
    columns = data.draw(st.lists(names, min_size=1, max_size=5, unique=True))
    pictures = data.draw(st.lists(files, min_size=1, max_size=5, unique=True))
    row = st.lists(st.sampled_from([-1, 0, 1]), min_size=len(columns), max_size=len(columns))
    values = data.draw(st.lists(row, min_size=len(pictures), max_size=len(pictures)))
    rows = [[file, *map(str, some)] for file, some in zip(pictures, values, strict=True)]
    head = [["image_id", *columns]] if as_csv else [[str(len(rows))], columns]
    text = "".join(("," if as_csv else " ").join(fields) + "\n" for fields in [*head, *rows])
    table = read_table(written(tmp_path, text))
    assert (table.names, table.files) == (tuple(columns), tuple(pictures))
    known = np.array(values)
    assert np.array_equal(table.values, known if (known < 0).any() else 2 * known - 1)


@given(st.binary(max_size=60) | st.text(alphabet='2,01- \n"aB\r\x00', max_size=60))
def test_no_file_breaks_the_reader(tmp_path: Path, content: bytes | str):
    for read in (read_table, read_parts):
        with suppress(CoreError):
            read(written(tmp_path, content))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "ends before its first picture"),
        ("3\nA B\na 1 1\n", "lists 1 pictures of 3: get the whole table"),
        ("f,A\n", "lists 0 pictures"),
        ("1\nA B\na 1\n", "line 3: there are 2 attributes but 1 values"),
        ("f,A\na,2\n", "line 2: a value is -1, 1 or 0, not '2'"),
        ("f,A,A\na,1,1\n", "two attributes have the same name"),
        ("f,<b>\na,1\n", "an attribute's name is up to 64 letters"),
        ("f,A\na,1\na,1\n", 'lists "a" 2 times'),
        ("f,A\n../a.jpg,1\n", "not the name of a picture inside a folder"),
        ("f,A\n/etc/a.jpg,1\n", "not the name of a picture inside a folder"),
        ("f,A\nb/../../a.jpg,1\n", "not the name of a picture inside a folder"),
        ("just\n", "A table of attributes starts with the number"),
        ('f,A\n"a,1\n', "is not a text file"),
        (b"f,A\n\xff\xfe,1\n", "is not a text file"),
    ],
)
def test_what_is_wrong_with_a_table_is_said(content: str | bytes, said: str, tmp_path: Path):
    with pytest.raises(CoreError) as caught:
        read_table(written(tmp_path, content))
    assert said in caught.value.message


def test_a_table_that_is_not_there_is_missed(tmp_path: Path):
    with pytest.raises(CoreError, match="There is no table"):
        read_table(tmp_path / "none.txt")


@pytest.mark.parametrize(
    "content", ["a.jpg 0\nb.jpg 2\n", "image_id,partition\na.jpg,0\nb.jpg,2\n", "a.jpg,0\nb.jpg,2"]
)
def test_a_partition_says_who_is_in_which_part(content: str, tmp_path: Path):
    assert read_parts(written(tmp_path, content)) == {"a.jpg": 0, "b.jpg": 2}


@pytest.mark.parametrize("content", ["a.jpg 3\n", "a.jpg\n", "a.jpg 0 1\n", "\n"])
def test_what_is_no_partition_is_refused(content: str, tmp_path: Path):
    with pytest.raises(CoreError, match=r"partition|training"):
        read_parts(written(tmp_path, content))
