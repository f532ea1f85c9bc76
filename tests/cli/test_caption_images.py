"""Images as people have them: from phones and generators, on network disks, half broken."""

import json
import os
import unicodedata
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.cli.conftest import captions_of, document_of, run_caption
from tests.corpus.icc import DISPLAY_P3, rgb_profile
from tests.zoo import encode, generated_text, heic, png_with_chunks


def test_phones_and_generators(runner: CliRunner, tmp_path: Path, checkpoint: Path) -> None:
    files = {
        "IMG_1.HEIC": heic(),
        "IMG_2.HEIC": encode("JPEG"),
        "IMG_3.jpg": heic(),
        "generated.png": png_with_chunks(*generated_text(3 << 20)),
        "icon.ico": encode("ICO", size=(64, 64)),
        "wide.jpg": encode("JPEG", icc_profile=rgb_profile(DISPLAY_P3)),
    }
    photos = tmp_path / "photos"
    photos.mkdir()
    for name, data in files.items():
        (photos / name).write_bytes(data)
    (photos / "@eaDir").mkdir()
    (photos / "@eaDir" / "thumb.jpg").write_bytes(encode("JPEG"))
    result = run_caption(runner, photos, "--model", checkpoint, "--format", "json")
    assert result.exit_code == 0, result.stderr
    assert set(captions_of(document_of(result))) == set(files)
    assert "note" not in result.stderr
    result = run_caption(
        runner, photos, "--model", checkpoint, "--format", "json", "--include-hidden"
    )
    assert set(captions_of(document_of(result))) == {*files, "@eaDir/thumb.jpg"}


def test_warnings_about_images_are_listed_on_request(
    runner: CliRunner, photos: Path, checkpoint: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    tiff = bytearray(encode("TIFF", size=(400, 300), compression="tiff_lzw"))
    tiff[60:90] = bytes(30)
    (photos / "broken.tif").write_bytes(tiff)
    (photos / "profile.png").write_bytes(encode("PNG", icc_profile=b"none"))
    result = run_caption(runner, photos, "--model", checkpoint)
    assert result.exit_code == 3
    assert "note: 2 images with warnings; --verbose lists them." in result.stderr
    assert "colour profile" not in result.stderr
    result = run_caption(runner, photos, "--model", checkpoint, "--verbose", "--fresh")
    assert "note: broken.tif: Using code not yet in table" in result.stderr
    assert "note: profile.png: Its colour profile is broken" in result.stderr
    assert "--verbose lists" not in result.stderr
    assert capfd.readouterr() == ("", "")  # nothing went past us


def test_a_folder_that_cannot_be_listed_is_no_failure(
    runner: CliRunner, photos: Path, checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (photos / "locked").mkdir()
    scandir = os.scandir

    def refuse(path: str | Path = ".") -> object:  # no folder is locked for root
        if Path(path).name == "locked":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    result = run_caption(runner, photos, "--model", checkpoint, "--format", "json")
    assert result.exit_code == 0
    assert "note: Skipped folders that cannot be listed: locked" in result.stderr


def test_captions_json_from_another_system(
    runner: CliRunner, photos: Path, checkpoint: Path
) -> None:
    (photos / "pits" / "cafe\u0301.jpg").write_bytes(encode("JPEG"))
    written = ["CARS/IMAGE_0.JPG", unicodedata.normalize("NFC", "pits/cafe\u0301.jpg")]
    entries = [{"filename": name, "caption": "a car"} for name in written]
    (photos / "captions.json").write_text(json.dumps({"images": entries}), encoding="utf-8")
    result = run_caption(runner, photos, "--model", checkpoint, "--format", "json")
    assert result.exit_code == 0, result.stderr
    captions = list(captions_of(document_of(result)))
    assert captions[:2] == ["cars/image_0.jpg", "pits/cafe\u0301.jpg"]
    assert len(captions) == 6
    assert "CARS/IMAGE_0.JPG is cars/image_0.jpg" in result.stderr
