"""captions.json: the forms that are read, and a sentence with the place for all that is not."""

import json
import os
from pathlib import Path

import pytest

from f1cap import corpus
from f1cap.corpus import references
from f1cap.errors import DatasetError
from f1cap.records.images import Reference


def write(folder: Path, content: object) -> Path:
    path = folder / "captions.json"
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    path.write_bytes(data)
    return path


def own(*entries: object) -> dict[str, object]:
    return {"images": list(entries)}


def entry(filename: object = "a.jpg", **rest: object) -> dict[str, object]:
    return {"filename": filename, "caption": "a car", **rest}


def test_the_own_form(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        own(
            entry("2/b.jpg", id=7, category="pits"),
            {"filename": "1/a.jpg", "captions": ["a car", "a red car"]},
            {"filename": "./1//c.jpg", "caption": "first", "captions": ["second", "first"]},
            {"filename": "1/e.jpg", "caption": "third", "captions": ["twice", "twice"]},
            {"filename": "1/d.jpg", "caption": None, "category": None, "licence": ["CC0"]},
        ),
    )
    found = corpus.read_references(path)
    assert list(found.items()) == [
        ("2/b.jpg", Reference("pits", ("a car",), 7)),
        ("1/a.jpg", Reference(None, ("a car", "a red car"))),
        ("1/c.jpg", Reference(None, ("second", "first"))),
        ("1/e.jpg", Reference(None, ("third", "twice", "twice"))),
        ("1/d.jpg", Reference(None, ())),
    ]


def test_the_form_of_coco(tmp_path: Path) -> None:
    annotations = [
        {"image_id": 9, "id": 1, "caption": "one"},
        {"image_id": "x", "caption": "two"},
        {"image_id": 9, "caption": "three"},
        {"image_id": 9, "caption": "one"},
    ]
    images = [
        {"id": "x", "file_name": "b.jpg", "height": 4},
        {"id": 9, "file_name": "a.jpg"},
        {"id": 1, "file_name": "c.jpg"},
    ]
    found = corpus.read_references(
        write(tmp_path, {"info": {}, "images": images, "annotations": annotations})
    )
    assert list(found.items()) == [
        ("b.jpg", Reference(None, ("two",), "x")),
        ("a.jpg", Reference(None, ("one", "three", "one"), 9)),
        ("c.jpg", Reference(None, (), 1)),
    ]


@pytest.mark.parametrize("ids", [[4, 7], ["4", "7"], [4.0, 7.0]])
def test_images_of_coco_may_have_an_id_alone(tmp_path: Path, ids: list[object]) -> None:
    document = {
        "images": [{"id": identifier} for identifier in ids],
        "annotations": [{"image_id": 7, "id": 1, "caption": "a car"},
                        {"image_id": 4, "id": 2, "caption": "a bus"}],
    }  # fmt: skip
    found = corpus.read_references(write(tmp_path, document))
    assert {name: reference.captions for name, reference in found.items()} == {
        "4": ("a bus",),
        "7": ("a car",),
    }
    assert [reference.id for reference in found.values()] == (
        ["4", "7"] if isinstance(ids[0], str) else [4, 7]
    )


OWN_OUTPUTS = {
    "own.csv": 'model,image,caption\nm,1/a.jpg,"one, two"\nn,1/a.jpg,three\nm,b.jpg,four\n',
    "own.jsonl": "".join(
        json.dumps({"model": model, "image": image, "caption": caption}) + "\n"
        for model, image, caption in [
            ("m", "1/a.jpg", "one, two"),
            ("n", "1/a.jpg", "three"),
            ("m", "b.jpg", "four"),
        ]
    ),
    "coco.json": json.dumps(
        [
            {"image_id": "1/a.jpg", "caption": "one, two"},
            {"image_id": "1/a.jpg", "caption": "three"},
            {"image_id": "b.jpg", "caption": "four"},
        ]
    ),
    "document.json": json.dumps(
        {
            "f1cap": {"version": "0"},
            "data": {
                "runs": [
                    {"model": "m", "captions": [{"image": "1/a.jpg", "caption": "one, two"},
                                                {"image": "b.jpg", "caption": "four"}]},
                    {"model": "n", "captions": [{"image": "1/a.jpg", "caption": "three"}]},
                ]
            },
        }
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", OWN_OUTPUTS)
def test_our_own_outputs_are_references_too(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(OWN_OUTPUTS[name], encoding="utf-8")
    assert corpus.read_references(path) == {
        "1/a.jpg": Reference(None, ("one, two", "three")),
        "b.jpg": Reference(None, ("four",)),
    }


def test_a_table_of_references_that_cuts_a_caption_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("image,caption\na.jpg,a man, in a red suit\n", encoding="utf-8")
    with pytest.raises(DatasetError, match="line 2 has 3 columns"):
        corpus.read_references(path)


def test_the_flat_form(tmp_path: Path) -> None:
    found = corpus.read_references(write(tmp_path, {"1/a.jpg": "one", "b.jpg": ["two", "two"]}))
    assert found == {
        "1/a.jpg": Reference(None, ("one",)),
        "b.jpg": Reference(None, ("two", "two")),
    }


@pytest.mark.parametrize(
    "document",
    [
        {"a.jpg": [], "b.jpg": ["", "a car"]},
        {"a.jpg": "", "b.jpg": ["", "a car"]},
        {"a.jpg": [" ", "\n"], "b.jpg": ["", "a car"]},
        own({"filename": "a.jpg", "captions": []}, entry("b.jpg", caption="", captions=["a car"])),
        own(entry(caption=" \n"), entry("b.jpg", captions=["", "a car"])),
        {
            "images": [{"file_name": "a.jpg", "id": 1}, {"file_name": "b.jpg", "id": 2}],
            "annotations": [
                {"image_id": 1, "caption": ""},
                {"image_id": 2, "caption": ""},
                {"image_id": 2, "caption": "a car"},
            ],
        },
    ],
)
def test_a_image_without_text_has_no_references(
    document: dict[str, object], tmp_path: Path
) -> None:
    found = corpus.read_references(write(tmp_path, document))
    assert found["a.jpg"].captions == ()
    assert found["b.jpg"].captions[-1] == "a car"


def test_each_bundled_image_has_three_references() -> None:
    found = corpus.read_references(Path(__file__).parents[2] / "dataset" / "captions.json")
    assert {len(reference.captions) for reference in found.values()} == {3}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_editors_of_windows_are_welcome(encoding: str, tmp_path: Path) -> None:
    text = '{"café.jpg": "a café \U0001f3ce"}'
    found = corpus.read_references(write(tmp_path, text.encode(encoding)))
    assert found == {"café.jpg": Reference(None, ("a café \U0001f3ce",))}


def test_a_name_that_is_not_utf_8_is_written_as_python_writes_it(tmp_path: Path) -> None:
    name = os.fsdecode(b"\xff.jpg")
    assert list(corpus.read_references(write(tmp_path, own(entry(name))))) == [name]


BAD: dict[str, tuple[object, str]] = {
    "no JSON": (b'{"images": [}', r"not JSON: Expecting value at line 1, column 13"),
    "nothing": (b"", "not JSON"),
    "two documents": (b"{} {}", "not JSON: Extra data"),
    "Latin-1": ('{"a.jpg": "café"}'.encode("latin-1"), "not UTF-8"),
    "deep": (b'{"images":' * 100_000, "nested too deeply"),
    "deep list": (b"[" * 100_000, "nested too deeply"),
    "a number of 5,000 digits": (b'{"a.jpg": ' + b"1" * 5_000 + b"}", "cannot be read"),
    "a list": ([entry()], "an object is expected, not a list"),
    "text": ("images", "an object is expected, not text"),
    "null": (None, "an object is expected, not null"),
    "an empty object": ({}, "names no image"),
    "images of another type": ({"images": {"a.jpg": "x"}}, "`images` must be a list, not an obj"),
    "an empty list": (own(), "`images` is an empty list"),
    "an entry of another type": (own(entry(), "b.jpg"), "entry 2 must be an object, not text"),
    "no file name": (own(entry(), entry("b"), {"caption": "x"}), "entry 3 has no `filename`"),
    "a number for a name": (own(entry(7)), "entry 1 has a `filename` that is a number"),
    "an empty name": (own(entry("")), "entry 1 has an empty `filename`"),
    "a dot for a name": (own(entry(".")), "entry 1 has an empty `filename`"),
    "an absolute name": (own(entry("/etc/a.jpg")), "entry 1 has the absolute path '/etc/a.jpg'"),
    "a drive": (own(entry("C:\\a.jpg")), "entry 1 has the absolute path"),
    "a drive's own folder": (own(entry("c:a.jpg")), "entry 1 has the absolute path"),
    "a share": (own(entry("\\\\host\\a.jpg")), "entry 1 has the absolute path"),
    "a name that leaves": (own(entry("x/../../a.jpg")), "is outside the folder"),
    "a name that leaves and returns": (own(entry("x/../a.jpg")), "is outside the folder"),
    "a name that leaves on Windows": (own(entry("..\\a.jpg")), "is outside the folder"),
    "a null byte": (own(entry("a\0.jpg")), "which is not a valid file name"),
    "half a character": (own(entry("\ud83c.jpg")), "which is not a valid file name"),
    "a repeated name": (own(entry(), entry("./a.jpg")), "entry 2 names 'a.jpg', which an earlier"),
    "a caption of another type": (own(entry(caption=["x"])), "a caption that is a list, not text"),
    "a truth for a caption": (own(entry(caption=True)), "that is true or false, not text"),
    "captions of another type": (own(entry(captions="x")), "`captions` that are text, not a list"),
    "a wrong one among captions": (own(entry(captions=["x", 1.5])), "a caption that is a number"),
    "a category of another type": (own(entry(category=3)), "entry 1 has a `category` that is a nu"),
    "an id of another type": (own(entry(id=[1])), "entry 1 needs an `id` that is a number or text"),
    "a key twice": (b'{"a.jpg": "x", "a.jpg": "y"}', "an object has the key 'a.jpg' twice"),
    "flat with a number": ({"a.jpg": "x", "b.jpg": 7}, "entry 2 has a caption that is a number"),
    "flat with an object": ({"a.jpg": {}}, "entry 1 has a caption that is an object"),
    "flat with null": ({"a.jpg": None}, "entry 1 has a caption that is null"),
    "flat with a wrong list": ({"a.jpg": ["", None]}, "entry 1 has a caption that is null"),
    "annotations of another type": (
        {**own({"file_name": "a", "id": 1}), "annotations": {}},
        "`annotations` must be a list, not an object",
    ),
    "an annotation of another type": (
        {**own({"file_name": "a", "id": 1}), "annotations": [[]]},
        "annotation 1 must be an object, not a list",
    ),
    "an image without id": (
        {**own({"file_name": "a"}), "annotations": []},
        "entry 1 needs an `id` that is a number or text, not null",
    ),
    "an id twice": (
        {**own({"file_name": "a", "id": 1}, {"file_name": "b", "id": 1}), "annotations": []},
        "entry 2 has the id 1, which an earlier entry has too",
    ),
    "an annotation of no image": (
        {**own({"file_name": "a", "id": 1}), "annotations": [{"image_id": 2, "caption": "x"}]},
        "annotation 1 is about the image 2, which is not in `images`",
    ),
    "an annotation of a truth": (
        {**own({"file_name": "a", "id": 1}), "annotations": [{"image_id": True, "caption": "x"}]},
        "annotation 1 needs an `image_id`",
    ),
    "an annotation without caption": (
        {**own({"file_name": "a", "id": 1}), "annotations": [{"image_id": 1}]},
        "annotation 1 has a caption that is null",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_one_sentence_with_its_name_and_the_place(case: str, tmp_path: Path) -> None:
    content, reason = BAD[case]
    path = write(tmp_path, content)
    with pytest.raises(DatasetError) as caught:
        corpus.read_references(path)
    message = caught.value.message
    assert message.startswith(str(path))
    assert reason in message
    assert message.endswith(".")
    assert "\n" not in message
    assert caught.value.exit_code == 1


def test_a_file_that_cannot_be_read_is_a_dataset_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "captions.json"
    with pytest.raises(DatasetError, match="does not exist"):
        corpus.read_references(path)
    path.symlink_to(path)
    with pytest.raises(DatasetError, match="symbolic links"):
        corpus.read_references(path)
    path.unlink()
    path.mkdir()
    with pytest.raises(DatasetError, match="is a folder, not a file"):
        corpus.read_references(path)
    path.rmdir()
    write(tmp_path, own(entry()))
    monkeypatch.setattr(references, "MAX_BYTES", 10)
    with pytest.raises(DatasetError, match="too large"):
        corpus.read_references(path)


def test_no_memory_is_a_sentence_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def exhaust(*_args: object, **_options: object) -> None:
        raise MemoryError

    monkeypatch.setattr(json, "loads", exhaust)
    with pytest.raises(DatasetError, match="does not fit into memory"):
        corpus.read_references(write(tmp_path, b"{}"))
