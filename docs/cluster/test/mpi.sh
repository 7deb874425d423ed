#!/usr/bin/env bash
# Runs the program under a real Open MPI: three processes, one of them killed, so that mpirun ends the others; then two
# processes finish what three began. Usage: mpi.sh PROGRAM. Where mpirun is not installed, root installs Debian's; who
# can't gets told, and no failure.
set -euo pipefail
program=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
unset "${!OMPI_@}" "${!PMIX_@}" "${!SLURM_@}" || true
provide mpirun openmpi-bin

mpirun --version | head -1
mpi=(mpirun --oversubscribe --bind-to none)
[ "$(id -u)" != 0 ] || mpi+=(--allow-run-as-root)
sample 1200
run=("$program" infer --model "$work/model" -t 1)

say "what one process makes of it"
"${run[@]}" --quiet --world-size 3 --out "$work/alone" "$work/in.fa"

say "mpirun -n 3"
"${mpi[@]}" -n 3 "${run[@]}" --out "$work/three" "$work/in.fa" 2> "$work/three.log" || { cat "$work/three.log"; fail "mpirun"; }
grep Computing "$work/three.log" | sort
for rank in 0 1 2; do
  grep -q "Computing rank $rank of world size 3, from Open MPI (OMPI_COMM_WORLD_RANK=$rank, OMPI_COMM_WORLD_SIZE=3)" "$work/three.log" || fail "rank $rank"
done
complete "$work/three" "$work/alone"

say "one of three is killed, two finish"
"${mpi[@]}" -n 3 bash -c 'echo $$ > "$0.$OMPI_COMM_WORLD_RANK"; exec "$@"' "$work/pid" "${run[@]}" --out "$work/killed" "$work/in.fa" > "$work/killed.log" 2>&1 &
launcher=$!
cleanups+=("kill $launcher")
wait_until 60 "part of rank 1" has_parts "$work/killed" 1 1
kill -9 "$(cat "$work/pid.1")"
wait $launcher && fail "mpirun took a killed process for a success"
"$program" verify "$work/killed" 2> "$work/verify.log" && fail "verify takes an unfinished data set"
grep -E 'lacks|nothing is there|computed by' "$work/verify.log" || { cat "$work/verify.log"; fail "verify"; }
"${mpi[@]}" -n 2 "${run[@]}" --out "$work/killed" "$work/in.fa" 2> "$work/two.log" || { cat "$work/two.log"; fail "mpirun -n 2"; }
grep Computing "$work/two.log" | sort
grep -q "Computing rank 0,2 of world size 3, from Open MPI" "$work/two.log" || fail "two processes do not share out three ranks"
complete "$work/killed" "$work/alone"

echo "Open MPI: ok in $SECONDS s"
