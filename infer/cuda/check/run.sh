#!/usr/bin/env bash
# Checks and measures the program on a GPU, from the folder that `make gpu-check-kit` filled: no Go, no CUDA toolkit is needed,
# NVIDIA's driver is. Ends within 8 minutes: every step has a limit in seconds of its own, and none begins that has no time
# left. A table is printed last, and the same as JSON, one object, is written to RESULT (gpu-check.json here).
#
#   run.sh [RESULT]      REHEARSE=1 run.sh on the stand-in driver: tiny models
set -uo pipefail
cd "$(dirname "$0")"
result=${1:-$PWD/gpu-check.json}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export CUDA_VISIBLE_DEVICES=${CUDA_VISIBLE_DEVICES:-0}
rows=() failures=0

row() { # row NAME VALUE UNIT
  rows+=("$1|$2|$3")
}

readonly all=465 # seconds, for everything but the table
within() { # within LIMIT COMMAND...: ends with 124 where the time is over
  local limit=$1 left=$((all - SECONDS))
  shift
  ((left > 0)) || { echo "no time is left"; return 124; }
  timeout --kill-after=5 "$((limit < left ? limit : left))" "$@"
}

check() { # check LIMIT NAME COMMAND...: a row that says whether it passed
  local limit=$1 name=$2 begin=$SECONDS
  shift 2
  if within "$limit" "$@" >"$work/log" 2>&1; then
    row "$name" ok "$((SECONDS - begin)) s"
  else
    row "$name" "FAILED with $?" "$((SECONDS - begin)) s"
    failures=$((failures + 1))
    echo "---- $name"
    tail -25 "$work/log"
  fi
}

short=() models=(esm2_t33_650M esm2_t36_3B) records=(--records 6000) sample=100x goldens='Goldens|Class' conformance=Conformance
if [ -n "${REHEARSE:-}" ]; then
  short=(-test.short) models=(tiny) records=(--records 6 --length 40) sample=2x goldens='Class|Goldens/bf16/head64' conformance=Conformance/bf16/Embed
fi

./longfirst devices | tee "$work/devices"
row device "$(grep -m1 '^cuda  0' "$work/devices" | cut -d: -f2- | cut -d, -f1 | xargs)" ""

# What multiplies: our kernels for every device, cublasLt where it is found, and our own GEMM for Hopper.
ways=(kernels)
grep -q 'cublaslt' "$work/devices" && ways+=(cublaslt)
grep -q 'compute capability 9.0' "$work/devices" && ways+=(wgmma)
library=${LONGFIRST_CUBLASLT:-}
way() { # way NAME: the environment that chooses it
  case $1 in
    kernels) echo LONGFIRST_CUBLASLT=off ;;
    cublaslt) echo "LONGFIRST_CUBLASLT=$library" ;;
    wgmma) echo LONGFIRST_WGMMA=all ;;
  esac
}

for w in "${ways[@]}"; do
  check 60 "goldens, $w" env "$(way "$w")" LONGFIRST_TEST_CUDA=1 sh -c 'cd infer/cuda && exec ./cuda.test -test.run "$0"' "$goldens"
  check 60 "conformance, $w" env "$(way "$w")" LONGFIRST_TEST_CUDA=1 sh -c 'cd infer/cuda && exec ./cuda.test -test.run "$0"' "$conformance"
done
if command -v compute-sanitizer >/dev/null; then
  for tool in memcheck racecheck; do
    check 45 "compute-sanitizer $tool" env LONGFIRST_CUBLASLT=off LONGFIRST_TEST_CUDA=1 sh -c "cd infer/cuda && exec compute-sanitizer --tool $tool --error-exitcode 9 ./cuda.test -test.run Goldens/bf16/head64"
  done
else
  row "compute-sanitizer" "NOT RUN" "it is not installed"
fi

measure() { # measure LIMIT WAY FOLDER PROGRAM BENCHMARK: a row for each result
  local limit=$1 w=$2 folder=$3 program=$4 name=$5
  within "$limit" env "$(way "$w")" LONGFIRST_TEST_CUDA=1 sh -c "cd $folder && exec ./$program -test.run '^\$' -test.bench '$name' -test.benchtime $sample ${short[*]:-}" >"$work/log" 2>&1 ||
    { row "$name, $w" "FAILED with $?" ""; failures=$((failures + 1)); tail -25 "$work/log"; }
  while read -r bench value unit; do
    row "${bench#Benchmark}, $w" "$value" "$unit"
  done < <(awk '/^Benchmark/ {for (i = 3; i < NF; i += 2) if ($(i+1) ~ /TFLOP|%peak|MB/) print $1, $i, $(i+1)}' "$work/log")
}
measure 30 kernels infer/cuda/device device.test BenchmarkCopies
for w in "${ways[@]}"; do
  measure 45 "$w" infer/cuda cuda.test BenchmarkProducts
done

# infer: the blocks' own time, without starting and loading; FLOPs as the plan counts them, the quadratic term included.
./longfirst bench gen "${records[@]}" --seed 1 --out "$work/proteins.fa" >/dev/null
for model in "${models[@]}"; do
  if ! within 100 ./longfirst model init --config "$model" --dtype BF16 --out "$work/$model" >"$work/log" 2>&1; then
    row "$model" "NOT RUN" "$(tail -1 "$work/log" | tr '|"' '  ')"
    continue
  fi
  for w in "${ways[@]}"; do
    check 60 "infer $model, $w" env "$(way "$w")" ./longfirst infer --quiet --model "$work/$model" --device cuda --gpus 0 --world-size 1 --overwrite --out "$work/out" "$work/proteins.fa"
    row "infer $model, $w" "$(cat "$work/out/logs/"* 2>/dev/null | awk '/block done/ {for (i = 1; i <= NF; i++) {if ($i ~ /^residues=/) r += substr($i, 10); if ($i ~ /^seconds=/) s += substr($i, 9)}} END {if (s) printf "%.0f", r / s}')" residues/s
    row "infer $model, $w" "$(sed -n 's/.*"smallest_cosine": \([0-9.e-]*\).*/\1/p' "$work/out/manifest.json" 2>/dev/null)" "cosine to fp32"
  done
  rm -rf "${work:?}/$model" "$work/out"
done

{
  printf '{"program": "%s", "seconds": %d, "failures": %d, "rows": [' "$(./longfirst version | head -1)" "$SECONDS" "$failures"
  separator=
  for r in "${rows[@]}"; do
    IFS='|' read -r name value unit <<<"$r"
    printf '%s\n  {"name": "%s", "value": "%s", "unit": "%s"}' "$separator" "$name" "$value" "$unit"
    separator=,
  done
  printf '\n]}\n'
} >"$result"
echo
for r in "${rows[@]}"; do
  IFS='|' read -r name value unit <<<"$r"
  printf '%-48s %16s %s\n' "$name" "$value" "$unit"
done
echo "$SECONDS s, $failures failures; $result"
exit $((failures > 0))
