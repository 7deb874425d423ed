"""Opens a data set with the programs people use and checks that each sees the same rows.

    python interop.py OUT [EXPORT]

OUT is the folder `longfirst infer -o OUT` wrote, EXPORT the one into which `longfirst export` wrote each format but tsv.
Needs requirements.txt. The first thing that is not as it should be ends it with a traceback.
"""

import glob
import json
import os
import sys

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet
import safetensors.numpy

NUMBERS = ["ordinal", "byte_offset", "length", "residues", "unknown", "truncated"]
TEXTS = ["id", "description", "file", "md5"]
COLUMNS = ["ordinal", "id", "description", "file", "byte_offset", "length", "residues", "unknown", "truncated", "md5", "embedding"]


class Rows:
    """A data set in ordinal order: a column of each name, and the embeddings as an array [n, D]."""

    def __init__(self, columns, embedding):
        order = np.argsort(np.asarray(columns["ordinal"], dtype=np.int64), kind="stable")
        self.columns = {name: [columns[name][i] for i in order] for name in NUMBERS + TEXTS}
        self.embedding = np.asarray(embedding)[order]

    def assert_equal(self, other):
        for name in NUMBERS + TEXTS:
            assert self.columns[name] == other.columns[name], name
        assert self.embedding.shape == other.embedding.shape, (self.embedding.shape, other.embedding.shape)
        assert self.embedding.dtype == other.embedding.dtype, (self.embedding.dtype, other.embedding.dtype)
        assert self.embedding.tobytes() == other.embedding.tobytes()


def read_pyarrow(folder, dimension, dtype):
    table = pa.dataset.dataset(folder, format="parquet").to_table()
    assert table.column_names == COLUMNS, table.column_names
    for name in NUMBERS:
        assert table.schema.field(name).type == pa.int64(), table.schema.field(name)
    for name in TEXTS:
        assert table.schema.field(name).type == pa.string(), table.schema.field(name)
    element = pa.float16() if dtype == np.float16 else pa.float32()
    embedding = table.schema.field("embedding").type
    assert pa.types.is_fixed_size_list(embedding), embedding
    assert embedding.list_size == dimension and embedding.value_type == element, embedding
    assert not any(table.schema.field(name).nullable for name in COLUMNS), table.schema
    assert all(table[name].null_count == 0 for name in COLUMNS)
    values = table["embedding"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
    return Rows({name: table[name].to_pylist() for name in NUMBERS + TEXTS}, values.reshape(-1, dimension))


def read_pandas(folder, dimension, dtype):
    frame = pd.read_parquet(folder)
    assert list(frame.columns) == COLUMNS
    assert not frame.isna().any().any()
    embedding = np.stack(frame["embedding"].to_list()) if len(frame) else np.empty((0, dimension), dtype)
    assert embedding.dtype == dtype, embedding.dtype
    return Rows({name: frame[name].tolist() for name in NUMBERS + TEXTS}, embedding)


def read_polars(folder, dimension, dtype):
    frame = pl.read_parquet(folder)
    assert frame.columns == COLUMNS
    element = pl.Float16 if dtype == np.float16 else pl.Float32
    assert frame.schema["embedding"] == pl.Array(element, dimension), frame.schema["embedding"]
    assert all(count == 0 for count in frame.null_count().row(0))
    return Rows({name: frame[name].to_list() for name in NUMBERS + TEXTS}, frame["embedding"].to_numpy())


def read_duckdb(folder, dimension, dtype):
    files = os.path.join(folder, "*.parquet").replace("'", "''")
    query = f"select * replace (embedding::float[{dimension}] as embedding) from '{files}'"  # fails on any other width
    columns = duckdb.sql(query).fetchnumpy()
    assert list(columns) == COLUMNS
    assert not any(np.ma.is_masked(columns[name]) for name in COLUMNS)
    embedding = np.asarray(columns["embedding"])
    embedding = embedding if embedding.ndim == 2 else np.stack(list(embedding))
    # DuckDB has no 16-bit float: it widens, which loses nothing.
    return Rows({name: columns[name].tolist() for name in NUMBERS + TEXTS}, embedding.astype(dtype))


def read_export(folder, dimension, dtype):
    embedding = np.load(os.path.join(folder, "embeddings.npy"), mmap_mode="r")
    assert embedding.flags["C_CONTIGUOUS"] and embedding.shape[1] == dimension
    path = os.path.join(folder, "ids.tsv")
    readers = {
        "pandas": pd.read_csv(path, sep="\t", keep_default_na=False).to_dict("list"),
        "polars": pl.read_csv(path, separator="\t").with_columns(pl.col(pl.String).fill_null("")).to_dict(as_series=False),
        "duckdb": {n: c.tolist() for n, c in duckdb.read_csv(path, sep="\t", header=True, na_values="\x01").fetchnumpy().items()},
    }
    for name, columns in readers.items():
        assert len(columns["ordinal"]) == len(embedding), name
        assert list(columns["ordinal"]) == sorted(columns["ordinal"]), name
        assert {k: list(v) for k, v in columns.items()} == {k: list(v) for k, v in readers["pandas"].items()}, name
    return Rows(readers["pandas"], embedding)


def same_formats(folder, exported):
    """The other formats hold the rows that embeddings.npy and ids.tsv do."""
    with np.load(os.path.join(folder, "embeddings.npz")) as archive:
        assert sorted(archive.files) == ["embeddings", "id", "length", "ordinal"], archive.files
        assert archive["embeddings"].tobytes() == exported.embedding.tobytes()
        assert archive["embeddings"].dtype == exported.embedding.dtype
        for name in ["id", "length", "ordinal"]:
            assert archive[name].tolist() == exported.columns[name], name
    tensors = safetensors.numpy.load_file(os.path.join(folder, "embeddings.safetensors"))
    assert list(tensors) == ["embeddings"]
    assert tensors["embeddings"].dtype == exported.embedding.dtype
    assert tensors["embeddings"].tobytes() == exported.embedding.tobytes()
    try:
        import torch
    except ImportError:
        print("NOT RUN: torch is not installed, the files of esm-extract were not loaded")
        return
    files = pd.read_csv(os.path.join(folder, "files.tsv"), sep="\t", keep_default_na=False)
    assert files["ordinal"].tolist() == exported.columns["ordinal"]
    for row, (label, file) in enumerate(zip(files["id"], files["file"])):
        content = torch.load(os.path.join(folder, file), weights_only=True)
        assert content["label"] == label == exported.columns["id"][row]
        [vector] = content["mean_representations"].values()
        assert vector.numpy().tobytes() == exported.embedding[row].tobytes()
    print("torch", torch.__version__, "ok")


def main(out, export=None):
    folder = os.path.join(out, "embeddings")
    parts = sorted(glob.glob(os.path.join(folder, "*.parquet")))
    infos = [json.loads(pa.parquet.read_metadata(path).metadata[b"longfirst"]) for path in parts]
    with open(os.path.join(out, "manifest.json")) as f:
        options = json.load(f)["options"]
    [column] = options["columns"]
    assert column["name"] == "embedding", column
    dimension, dtype = column["width"], np.dtype(options["dtype"])
    assert all(info["columns"] == [column] and info["dtype"] == options["dtype"] for info in infos)

    reference = read_pyarrow(folder, dimension, dtype)
    n = len(reference.embedding)
    assert n == sum(info["rows"] for info in infos) == sum(info["items"] - len(info["skips"] or []) for info in infos)
    assert len(set(reference.columns["ordinal"])) == n
    assert np.isfinite(reference.embedding).all()
    left = len(os.listdir(os.path.join(out, "tmp")))
    print(f"{len(parts)} parts, {n} rows of {dimension} {dtype} values, {left} temporary files")
    print("pyarrow", pa.__version__, "ok")
    for name, version, read in [
        ("pandas", pd.__version__, read_pandas),
        ("polars", pl.__version__, read_polars),
        ("duckdb", duckdb.__version__, read_duckdb),
    ]:
        read(folder, dimension, dtype).assert_equal(reference)
        print(name, version, "ok")
    if export:
        exported = read_export(export, dimension, dtype)
        # Tabs cannot stand in a tab-separated file.
        reference.columns["description"] = [d.replace("\t", "\\t") for d in reference.columns["description"]]
        exported.assert_equal(reference)
        same_formats(export, exported)
        print("export ok")


if __name__ == "__main__":
    main(*sys.argv[1:])
