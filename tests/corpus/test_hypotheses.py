"""Captions from anybody's files: each form, and each way that a file can be wrong."""

import json
import os
from pathlib import Path

import pytest

from f1cap.corpus.hypotheses import read_captions
from f1cap.errors import CaptionSetError

IDS: dict[int | str, str] = {1: "a/x.jpg", 2: "b.jpg"}
EXPECTED = {"a/x.jpg": "a red car", "b.jpg": 'say "go", twice'}


def _write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


FORMS = {
    "flat.json": json.dumps(EXPECTED),
    "bom.json": "\ufeff" + json.dumps(EXPECTED),
    "coco.json": json.dumps(
        [{"image_id": n, "caption": EXPECTED[name]} for n, name in IDS.items()]
    ),
    "coco_text_ids.json": json.dumps(
        [{"image_id": str(n), "caption": EXPECTED[name]} for n, name in IDS.items()]
    ),
    "list.json": json.dumps(
        [{"filename": name, "caption": text} for name, text in EXPECTED.items()]
    ),
    "ours.jsonl": "".join(
        json.dumps({"image": name, "caption": text, "truncated": False, "line_breaks": True}) + "\n"
        for name, text in EXPECTED.items()
    ),
    "ours.csv": (
        "image,caption,truncated\n"
        "a/x.jpg,a red car,False\n"
        'b.jpg,"say ""go"", twice",True\n'
    ),
    "excel.csv": 'image;caption;note\na/x.jpg;a red car;\nb.jpg;"say ""go"", twice";x\n',
    "tabs.csv": 'caption\timage\na red car\ta/x.jpg\nsay "go", twice\tb.jpg\n',
    "pandas.csv": 'image_id,caption\n1.0,a red car\n2.0,"say ""go"", twice"\n',
    "pandas.json": json.dumps(
        [{"image_id": float(n), "caption": EXPECTED[name]} for n, name in IDS.items()]
    ),
    "windows.json": json.dumps({"a\\x.jpg": "a red car", "b.jpg": EXPECTED["b.jpg"]}),
    "document.json": json.dumps(
        {
            "f1cap": {"version": "0", "schema": 1, "command": "caption"},
            "data": {
                "runs": [
                    {
                        "model": "git-mini",
                        "images_per_s": 2.5,
                        "captions": [
                            {"image": name, "caption": text, "truncated": name == "b.jpg",
                             "line_breaks": False}
                            for name, text in EXPECTED.items()
                        ],
                    }
                ]
            },
        }
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FORMS)
def test_every_form_says_the_same(tmp_path: Path, name: str) -> None:
    (found,) = read_captions(_write(tmp_path / name, FORMS[name]), IDS)
    assert dict(found.captions) == EXPECTED


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig"])
@pytest.mark.parametrize("name", ["flat.json", "ours.jsonl", "excel.csv"])
def test_the_byte_order_mark_names_the_encoding(tmp_path: Path, name: str, encoding: str) -> None:
    mark = "\ufeff" if encoding[-3:] in {"-le", "-be"} else ""
    path = tmp_path / name
    path.write_bytes((mark + FORMS[name]).encode(encoding))
    (found,) = read_captions(path, IDS)
    assert dict(found.captions) == EXPECTED


def test_other_spellings_of_a_name_where_only_one_is_meant(tmp_path: Path) -> None:
    odd = os.fsdecode(b"\xff.jpg")
    names = {"caf\u00e9/IMG_1.JPG", "win\\2.jpg", "win\\3.jpg", odd, "A.jpg", "a.jpg"}
    written = {
        "cafe\u0301/img_1.jpg": "cafe\u0301/img_1.jpg",
        "win/2.jpg": "win\\2.jpg",
        "win\\3.jpg": "win\\3.jpg",
        "\\udcff.jpg": odd,
        "a.jpg": "a.jpg",
        "A.JPG": "A.JPG",
    }
    path = _write(tmp_path / "t.json", json.dumps(dict.fromkeys(written, "a car")))
    (found,) = read_captions(path, {}, names)
    expected = {**written, "cafe\u0301/img_1.jpg": "caf\u00e9/IMG_1.JPG"}
    assert list(found.captions) == list(expected.values()), "of two candidates none is taken"


def test_a_images_own_name_goes_before_an_id(tmp_path: Path) -> None:
    ids: dict[int | str, str] = {1: "2", 2: "1", "x": "y"}
    flat = _write(tmp_path / "flat.json", json.dumps({"1": "of 1", "./2": "of 2", "x": "of y"}))
    (found,) = read_captions(flat, ids, {"1", "2", "y"})
    assert dict(found.captions) == {"1": "of 1", "2": "of 2", "y": "of y"}
    numbers = [{"image_id": number, "caption": f"id {number}"} for number in (1, 2)]
    coco = _write(tmp_path / "coco.json", json.dumps(numbers))
    (found,) = read_captions(coco, ids, {"1", "2", "y"})
    assert dict(found.captions) == {"2": "id 1", "1": "id 2"}, "a number is no name"


def test_what_a_run_recorded_is_kept(tmp_path: Path) -> None:
    (document,) = read_captions(_write(tmp_path / "d.json", FORMS["document.json"]), {})
    assert document.model == "git-mini"
    assert document.truncated == frozenset({"b.jpg"})
    assert document.line_breaks == frozenset()
    assert document.cost.images_per_s == 2.5
    (table,) = read_captions(_write(tmp_path / "t.csv", FORMS["ours.csv"]), {})
    assert table.truncated == frozenset({"b.jpg"})
    assert table.line_breaks is None, "nobody recorded it"


@pytest.mark.parametrize("number", ["1" + "0" * 400, "1e999", "NaN", "-Infinity", '"fast"'])
def test_a_speed_that_is_no_number_is_none(tmp_path: Path, number: str) -> None:
    text = FORMS["document.json"].replace("2.5", number)
    (found,) = read_captions(_write(tmp_path / "d.json", text), {})
    assert found.cost.images_per_s is None
    assert dict(found.captions) == EXPECTED


def test_one_file_may_hold_several_models(tmp_path: Path) -> None:
    lines = [{"model": model, "image": "x.jpg", "caption": model} for model in ("one", "two")]
    path = _write(tmp_path / "m.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    sets = read_captions(path, {})
    assert [(found.model, dict(found.captions)) for found in sets] == [
        ("one", {"x.jpg": "one"}),
        ("two", {"x.jpg": "two"}),
    ]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("x.json", "", "not JSON"),
        ("x.json", "{", "not JSON"),
        ("x.json", "3", "neither an object nor a list"),
        ("x.json", "{}", "contains no caption"),
        ("x.json", "[]", "contains no caption"),
        ("x.json", '{"a.jpg": 3}', "'a.jpg'"),
        ("x.json", '{"a.jpg": null}', "'a.jpg'"),
        ("x.json", '[{"image_id": 1}]', "entry 1"),
        ("x.json", '[{"image_id": 1, "caption": "a"}, 3]', "entry 2"),
        ("x.json", '[{"caption": "a"}]', "entry 1"),
        ("x.json", '[{"image_id": true, "caption": "a"}]', "entry 1"),
        ("x.json", '[{"image_id": 1, "caption": "a"}, {"image_id": 1, "caption": "b"}]', "entry 2"),
        ("x.json", '{"a.jpg": "one", "a.jpg": "two"}', "the key 'a.jpg' twice"),
        ("x.json", '[{"image_id": 1, "caption": "a", "caption": "b"}]', "the key 'caption' twice"),
        ("x.jsonl", '\n{"image": "a", "image": "b", "caption": "c"}', "line 2: an object has"),
        ("x.json", '{"f1cap": {}, "data": null}', "without caption runs"),
        ("x.jsonl", '{"image": "a", "caption": "b"}\n{"image"', "line 2"),
        ("x.csv", "a,b\n1,2\n", "columns"),
        ("x.csv", "image,caption\na.jpg\n", "line 2"),
        (
            "x.csv",
            'image,caption\na.jpg,"a man, in red"\nb.jpg,a man, in a red suit\n',
            "line 3 has 3 columns and the first line 2: a caption with a comma in it must stand",
        ),
        ("x.csv", "image;caption\na.jpg;a man; in red\n", "a caption with a semicolon in it"),
        (
            "x.csv",
            "image,caption,truncated\nb.jpg,a man, in a red suit\n",
            "line 2 has ' in a red suit' where true or false is expected",
        ),
    ],
)
def test_a_wrong_file_is_one_sentence(tmp_path: Path, name: str, text: str, said: str) -> None:
    with pytest.raises(CaptionSetError) as caught:
        read_captions(_write(tmp_path / name, text), IDS)
    assert said in caught.value.message
    assert str(tmp_path / name) in caught.value.message


def test_files_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_bytes(b'{"a": "\xff"}')
    with pytest.raises(CaptionSetError, match="not UTF-8"):
        read_captions(tmp_path / "x.json", {})
    with pytest.raises(CaptionSetError, match="does not exist"):
        read_captions(tmp_path / "gone.json", {})
    with pytest.raises(CaptionSetError, match="folder"):
        read_captions(tmp_path, {})
