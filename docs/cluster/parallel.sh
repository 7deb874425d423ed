#!/usr/bin/env bash
# GNU parallel: a share for each job, on this machine or, with --sshlogin host1,host2, on several that share the folders.
#   MODEL=models/esm2_t33_650M_UR50D FASTA=proteins.fa OUT=embeddings bash parallel.sh 16 --jobs 4
# The first argument is the number of shares; the rest goes to parallel.
set -euo pipefail
shares=$1
shift
seq 0 $((shares - 1)) |
  parallel --retries 3 "$@" longfirst infer --model "$MODEL" --out "$OUT" --world-size "$shares" --rank {} --threads "${THREADS:-1}" "$FASTA" || true
longfirst verify "$OUT"
