"""Damaged weights are noticed by their hash, before anything is computed with them."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.engine.loading.gguf_conversion import convert_gguf
from pipeline.engine.tokenizers.tokenizer import load_tokenizer
from pipeline.engine.weights.hashes import LIST, check_list, file_sha256, write_list
from pipeline.engine.weights.weight_files import weights_sha256
from pipeline.errors import EngineError


def flip(path: Path, *, at: int = -1) -> None:
    """Change one bit, and set the time of change back, as a failing disk or a copy does."""
    before = path.stat()
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    with path.open("r+b") as stream:  # in place: the inode stays
        stream.write(data)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def remembered(cache: Path) -> int:
    return len(list((cache / "hashes").glob("*.json"))) if cache.exists() else 0


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes are remembered of files that were made just now, too."""
    monkeypatch.setattr("pipeline.engine.weights.hashes._FRESH", 0.0)


@pytest.mark.usefixtures("at_once")
def test_a_hash_is_computed_once_while_the_file_is_not_touched(tmp_path: Path, monkeypatch) -> None:
    file, cache = tmp_path / "m.gguf", tmp_path / "cache"
    file.write_bytes(b"GGUF" * 100)
    first = file_sha256(file, cache)
    assert first == hashlib.sha256(b"GGUF" * 100).hexdigest() and remembered(cache) == 1
    with monkeypatch.context() as without:
        without.setattr("hashlib.file_digest", lambda *a: pytest.fail("hashed again"))
        assert file_sha256(file, cache) == first
    flip(file)
    assert file_sha256(file, cache) != first, "although size and time of change are the same"


def test_a_file_touched_just_now_is_hashed_again(tmp_path: Path) -> None:
    """It may be written to once more within the clock's grain."""
    file, cache = tmp_path / "m.gguf", tmp_path / "cache"
    file.write_bytes(b"one")
    file_sha256(file, cache)
    assert remembered(cache) == 0


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("note", ['{"stamp": 1}', "[]", "{", '{"stamp": null, "sha256": "x"}'])
def test_a_damaged_note_costs_time_and_not_the_result(tmp_path: Path, note: str) -> None:
    file, cache = tmp_path / "m.gguf", tmp_path / "cache"
    file.write_bytes(b"one")
    first = file_sha256(file, cache)
    (path,) = (cache / "hashes").iterdir()
    path.write_text(note)
    assert file_sha256(file, cache) == first


def package(folder: Path, *, name: str = "my_weights", data: bytes = b"GGUF whole") -> Path:
    """An installed package with one file of weights, and its list."""
    (folder / name).mkdir(parents=True)
    gguf = folder / name / "small.gguf"
    gguf.write_bytes(data)
    info = folder / f"{name}-1.2.dist-info"
    info.mkdir()
    code = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
    (info / "RECORD").write_text(
        f"{name}/__init__.py,,\n{name}/small.gguf,sha256={code},{len(data)}\n"
        f"{name}-1.2.dist-info/RECORD,,\n"
    )
    return gguf


def test_a_file_of_a_package_is_compared_with_the_packages_list(tmp_path: Path) -> None:
    gguf = package(tmp_path / "site")
    assert weights_sha256(gguf, tmp_path / "cache")
    flip(gguf)
    with pytest.raises(EngineError, match="this file is damaged") as damaged:
        weights_sha256(gguf, tmp_path / "cache")
    assert damaged.value.where == str(gguf) and damaged.value.exit_code == 6
    assert damaged.value.next.endswith("--force-reinstall --no-deps my-weights==1.2")


def test_other_packages_say_nothing_of_it(tmp_path: Path) -> None:
    gguf = package(tmp_path / "site")
    package(tmp_path / "site", name="my_weights_too", data=b"other")
    assert weights_sha256(gguf, tmp_path / "cache")
    (tmp_path / "site" / "my_weights-1.2.dist-info" / "RECORD").unlink()
    flip(gguf)
    assert weights_sha256(gguf, tmp_path / "cache"), "nobody says what it should be"


def test_a_download_is_compared_with_what_the_hub_said(tmp_path: Path) -> None:
    folder, cache = tmp_path / "model", tmp_path / "cache"
    told = folder / ".cache" / "huggingface" / "download"
    told.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(b"tensors")
    sha256 = hashlib.sha256(b"tensors").hexdigest()
    (told / "model.safetensors.metadata").write_text(f"{'c' * 40}\n{sha256}\n1764500000.0\n")
    (told / "config.json.metadata").write_text(f"{'c' * 40}\n{'b' * 40}\n1764500000.0\n")
    assert weights_sha256(folder, cache)
    flip(folder / "model.safetensors")
    with pytest.raises(EngineError, match="it was published as") as damaged:
        weights_sha256(folder, cache)
    assert damaged.value.where.endswith("model.safetensors") and "hf download" in damaged.value.next


@pytest.mark.parametrize("what", ["damaged", "missing", "list damaged"])
def test_a_folder_is_compared_with_its_list(tmp_path: Path, what: str) -> None:
    folder, cache = tmp_path / "model", tmp_path / "cache"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(b"tensors")
    before = weights_sha256(folder, cache)
    write_list(folder)
    assert weights_sha256(folder, cache) == before, "the list is not part of the weights"
    check_list(folder, cache, next="")
    if what == "damaged":
        flip(folder / "model.safetensors")
    elif what == "missing":
        (folder / "model.safetensors").unlink()
    else:
        (folder / LIST).write_text("[]")
    with pytest.raises(EngineError) as refused:
        check_list(folder, cache, next="Do this.")
    assert refused.value.next == "Do this." and refused.value.exit_code == 6
    name = LIST if what == "list damaged" else "model.safetensors"
    assert refused.value.where == str(folder / name)


@pytest.mark.model
def test_converted_weights_are_compared_with_what_was_written(
    tmp_path: Path, engine_cache: Path, smollm_gguf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = convert_gguf(smollm_gguf, engine_cache)
    folder = tmp_path / "models" / made.name
    shutil.copytree(made, folder)
    assert convert_gguf(smollm_gguf, tmp_path) == folder
    flip(folder / "model.safetensors", at=-1000)
    with pytest.raises(EngineError, match="this file is damaged") as damaged:
        convert_gguf(smollm_gguf, tmp_path)
    assert damaged.value.where == str(folder / "model.safetensors")
    assert str(folder) in damaged.value.next

    # As an earlier release left it: nobody knows whether it is whole.
    (folder / LIST).unlink()
    monkeypatch.setattr(
        "pipeline.engine.loading.gguf_conversion._write_folder",
        lambda gguf, tokenizer, into, bits: (into / "model.safetensors").write_bytes(b"anew"),
    )
    assert convert_gguf(smollm_gguf, tmp_path) == folder
    assert (folder / "model.safetensors").read_bytes() == b"anew"
    assert set(json.loads((folder / LIST).read_text())) == {"model.safetensors"}
    check_list(folder, tmp_path, next="")


@pytest.mark.model
def test_a_damaged_tokenizer_in_the_cache_is_made_again(
    tmp_path: Path, smollm_gguf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = load_tokenizer(smollm_gguf, cache=tmp_path, sha256="s")
    (saved,) = (tmp_path / "tokenizers").iterdir()
    file = saved / "tokenizer.json"
    whole = file.read_bytes()
    other = whole.replace(b'"the"', b'"teh"', 1)
    assert other != whole
    file.write_bytes(other)
    again: Callable[[str], object] = load_tokenizer(smollm_gguf, cache=tmp_path, sha256="s").encode
    assert again("the cat") == first.encode("the cat") and file.read_bytes() == whole
