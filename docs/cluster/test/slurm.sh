#!/usr/bin/env bash
# Runs the program under a real Slurm of one machine: a step, an array of which one task is cancelled and requeued and
# another finished by a job with another number of cores, and a batch script without srun. The first two are the scripts
# of the page above this folder. Usage: slurm.sh PROGRAM.
#
# Munge and the Slurm daemons are its own, on its own ports and files; they end with it. Where Slurm is not installed,
# root installs Debian's; who can't gets told, and no failure.
set -euo pipefail
program=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
pages=$(dirname "$here")
export PATH=$PATH:/usr/sbin
unset "${!SLURM_@}" "${!SBATCH_@}" "${!SRUN_@}" || true
provide slurmctld slurm-wlm munge

say "starting munged, slurmctld and slurmd"
chmod 755 "$work" # others must be able to look into every folder on the way to munged's socket
host=$(hostname -s)
user=$(id -un)
port=$((20000 + $$ % 10000 * 2))
cores=$(nproc)
mkdir "$work/munge" "$work/state" "$work/spool"
head -c 128 /dev/urandom > "$work/munge/key"
chmod 600 "$work/munge/key"
munged --force --socket="$work/munge/socket" --key-file="$work/munge/key" --pid-file="$work/munge/pid" \
  --log-file="$work/munge/log" --seed-file="$work/munge/seed" > "$work/munge/out" 2>&1 || { cat "$work/munge/out"; fail "munged does not start"; }
stop() { # stop PIDFILE: ends the daemon and waits for it
  local pid
  pid=$(cat "$1" 2> /dev/null) || return 0
  kill "$pid" 2> /dev/null || return 0
  for _ in $(seq 50); do kill -0 "$pid" 2> /dev/null || return 0; sleep 0.1; done
  kill -9 "$pid"
}
cleanups+=("stop $work/munge/pid")
cat > "$work/slurm.conf" << CONF
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
AuthType=auth/munge
AuthInfo=socket=$work/munge/socket,cred_expire=5
CredType=cred/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
KillWait=5
SlurmUser=$user
SlurmdUser=$user
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
SlurmctldLogFile=$work/slurmctld.log
SlurmdLogFile=$work/slurmd.log
SlurmctldPort=$port
SlurmdPort=$((port + 1))
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
NodeName=$host NodeAddr=127.0.0.1 CPUs=$cores State=UNKNOWN
PartitionName=all Nodes=$host Default=YES MaxTime=INFINITE State=UP OverSubscribe=FORCE:4
CONF
export SLURM_CONF=$work/slurm.conf
slurmctld -f "$SLURM_CONF"
cleanups+=("stop $work/slurmctld.pid")
slurmd -f "$SLURM_CONF"
cleanups+=("stop $work/slurmd.pid" "scancel --user=$user" "sleep 1")
idle() { sinfo --noheader --format=%t | grep -qx idle; }
wait_until 30 "idle node" idle
srun --version

sample 1200
mkdir "$work/bin"
ln -s "$program" "$work/bin/longfirst"
export PATH=$work/bin:$PATH MODEL=$work/model FASTA=$work/in.fa # for the scripts of the page
run=(longfirst infer --model "$work/model")

say "what one process makes of it"
"${run[@]}" --quiet -t 1 --world-size 4 --out "$work/alone" "$work/in.fa"

say "slurm-step.sbatch: a step of four tasks"
OUT=$work/step sbatch --wait --ntasks=4 --cpus-per-task=1 --overcommit --output="$work/step.log" "$pages/slurm-step.sbatch" > /dev/null || { cat "$work/step.log"; fail "step"; }
grep Computing "$work/step.log" | sort
for rank in 0 1 2 3; do
  grep -q "Computing rank $rank of world size 4, from Slurm step 1\.0 (SLURM_PROCID=$rank, SLURM_NTASKS=4)" "$work/step.log" || fail "rank $rank"
done
[ "$(grep -c 'Created index' "$work/step.log")" -le 1 ] || fail "the index was built more than once"
complete "$work/step" "$work/alone"

say "slurm-array.sbatch: one of four tasks cancelled and requeued, another cancelled and finished elsewhere"
# One at a time, so that a task to be cancelled is the one that runs.
job=$(OUT=$work/array sbatch --parsable --array=0-3%1 --cpus-per-task=1 --output="$work/array-%a.log" "$pages/slurm-array.sbatch")
state() { squeue --noheader --array --states=all --format=%T --jobs="$1"; }
is() { [ "$(state "$1")" = "$2" ]; }
for task in 1 3; do
  wait_until 60 "part of task $task" has_parts "$work/array" $task 1
  scancel "${job}_$task"
  wait_until 30 "end of task $task" is "${job}_$task" CANCELLED
  echo "task $task: $(state "${job}_$task") with $(parts "$work/array" $task) of $(parts "$work/alone" $task) blocks"
  (($(parts "$work/array" $task) < $(parts "$work/alone" $task))) || fail "task $task was through before it was cancelled"
done
wait_until 60 "end of task 2" is "${job}_2" COMPLETED
"$program" verify "$work/array" 2> "$work/verify.log" && fail "verify takes an unfinished data set"
grep -E 'lacks|computed by' "$work/verify.log" || { cat "$work/verify.log"; fail "verify"; }
grep -q -- '--world-size 4 --rank 1,3 ' "$work/verify.log" || fail "verify does not name ranks 1 and 3"
[ ! -e "$work/array/_SUCCESS" ] || fail "_SUCCESS"

scontrol requeue "${job}_1"
wait_until 60 "second end of task 1" is "${job}_1" COMPLETED
srun -n 1 --cpus-per-task="$cores" --overcommit "${run[@]}" --world-size 4 --rank 3 --out "$work/array" "$work/in.fa" 2> "$work/elsewhere.log" ||
  { cat "$work/elsewhere.log"; fail "another number of cores"; }
grep Computing "$work"/array-?.log "$work/elsewhere.log" | sed "s|$work/||"
[ "$(grep -c 'Computing rank 1 of world size 4, from Slurm array' "$work/array-1.log")" = 2 ] || fail "task 1 did not run twice"
grep -q "Computing rank 3 of world size 4, from --rank" "$work/elsewhere.log" || fail "rank 3"
complete "$work/array" "$work/alone"

cat > "$work/command.sh" << 'JOB'
#!/bin/bash
exec "$@"
JOB
say "an array with gaps, and a batch script without srun"
job=$(sbatch --parsable --wait --array=0,2 --output="$work/gaps-%a.log" "$work/command.sh" "${run[@]}" --out "$work/gaps" "$work/in.fa") && fail "an array with gaps was taken"
grep -q 'list of its 2 tasks from 0 to 2 has gaps' "$work/gaps-2.log" || { cat "$work/gaps-2.log"; fail "reason"; }
[ ! -e "$work/gaps" ] || fail "an array with gaps made a data set"
sbatch --wait --ntasks=2 --overcommit --output="$work/batch.log" "$work/command.sh" longfirst plan --model "$work/model" "$work/in.fa" > /dev/null
grep computes "$work/batch.log"
grep -q 'all ranks of world size 1' "$work/batch.log" && grep -q 'srun did not start this process' "$work/batch.log" || fail "an allocation was taken for a step"

echo "Slurm: ok in $SECONDS s"
