#!/usr/bin/env bash
# Fetches the CUDA headers from NVIDIA's Python package and prints the folder they are in. Usage: headers.sh DIR.
# They are NVIDIA's: they are never committed.
set -euo pipefail
package=nvidia-cuda-runtime-cu12==12.4.127
dir=$1
include=$dir/nvidia/cuda_runtime/include
if [ ! -e "$include/cuda.h" ]; then
  mkdir -p "$dir"
  python3 -m pip download --quiet --no-deps --only-binary=:all: --dest "$dir" "$package" >&2
  (cd "$dir" && python3 -m zipfile -e ./*.whl .)
fi
(cd "$include" && pwd)
