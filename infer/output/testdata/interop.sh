#!/usr/bin/env bash
# Makes a data set with the program, leaves in it what a killed run leaves, and opens it with pyarrow, pandas, polars and
# DuckDB. Usage: interop.sh PROGRAM. Makes a virtual environment under bin/, once for a list of requirements.
set -euo pipefail
program=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
work=$(dirname "$program")/interop
venv=$(dirname "$program")/venv-interop-$(cksum < "$here/requirements.txt" | cut -d' ' -f1)

if [ ! -e "$venv/ready" ]; then
  rm -rf "$venv"
  python3 -m venv "$venv"
  "$venv/bin/python" -m pip install --quiet --requirement "$here/requirements.txt"
  touch "$venv/ready"
fi

rm -rf "$work"
mkdir -p "$work"
cp "$here/../../../cli/demo/sample.fa" "$work/"
"$program" model init --quiet --config tiny --out "$work/model"
for dtype in float32 float16; do
  out=$work/$dtype
  "$program" infer --quiet --model "$work/model" --dtype $dtype --workers 2 --max-length 200 --out "$out" "$work/sample.fa" &
  run=$!
  # A run killed once it has published something leaves temporary files; then it is resumed.
  until compgen -G "$out/embeddings/*.parquet" > /dev/null; do
    kill -0 $run 2> /dev/null || break
    sleep 0.01
  done
  kill -9 $run 2> /dev/null || true
  wait $run 2> /dev/null || true
  "$program" infer --quiet --model "$work/model" --dtype $dtype --workers 2 --max-length 200 --out "$out" "$work/sample.fa"
  echo "half a part" > "$out/tmp/part-r00000-of-00002-b000000.parquet~elsewhere~1~1.tmp"
  for format in npy npz safetensors esm-extract; do
    "$program" export --quiet --format $format --to "$out/export" "$out"
  done
  "$venv/bin/python" "$here/interop.py" "$out" "$out/export"
done

# What the page about loading says, on records with ids as UniProt has them.
mkdir "$work/loading"
"$program" bench gen --records 30 --seed 1 --out "$work/loading/proteins.fa"
"$program" infer --quiet --model "$work/model" --workers 2 --out "$work/loading/OUT" "$work/loading/proteins.fa"
"$program" export --quiet --format npy "$work/loading/OUT"
{
  printf 'Entry\tOrganism\n'
  sed -n 's/^>[a-z]*|\([^|]*\)|.* OS=\(.*\) OX=.*/\1\t\2/p' "$work/loading/proteins.fa"
} > "$work/loading/uniprot.tsv"
(cd "$work/loading" && "$venv/bin/python" "$here/snippets.py" "$here/../../../docs/loading.md")

# What no run of the program makes at will: parts without rows, headers that are not UTF-8.
LONGFIRST_PYTHON=$venv/bin/python go test -count=1 -tags interop -run TestInterop "$here/.."
echo "interoperation: ok"
