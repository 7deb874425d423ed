#!/usr/bin/env bash
# Fetches the CUDA headers from NVIDIA's Python packages and prints the folder they are in. They are NVIDIA's: they are
# never committed. Usage: headers.sh DIR [12|13], the major version of CUDA, 12 by default.
set -euo pipefail
version=${2:-12}
dir=$1/$version
case $version in
  12) package=nvidia-cuda-runtime-cu12==12.4.127 include=$dir/nvidia/cuda_runtime/include ;;
  13) package=nvidia-cuda-runtime==13.0.96 include=$dir/nvidia/cu13/include ;;
  *) echo "headers.sh: CUDA $version: it is 12 or 13" >&2; exit 2 ;;
esac
if [ ! -e "$include/cuda.h" ]; then
  rm -rf "$dir"
  mkdir -p "$dir"
  python3 -m pip download --quiet --no-deps --only-binary=:all: --dest "$dir" "$package" >&2
  (cd "$dir" && python3 -m zipfile -e ./*.whl .)
fi
(cd "$include" && pwd)
