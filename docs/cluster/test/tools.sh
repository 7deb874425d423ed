#!/usr/bin/env bash
# Runs the Snakefile, parallel.sh and main.nf as they stand, and checks the Kubernetes manifest against the schemas of
# Kubernetes; strace makes a file system without locks. Usage: tools.sh PROGRAM. Snakemake and the schemas come from PyPI,
# Nextflow from Maven Central (with Java and Maven), to folders beside PROGRAM, once.
set -euo pipefail
program=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
pages=$(dirname "$here")
mkdir "$work/bin"
ln -s "$program" "$work/bin/longfirst"
export PATH=$work/bin:$PATH

venv=$(dirname "$program")/venv-cluster-$(cksum < "$here/requirements.txt" | cut -d' ' -f1)
if [ ! -e "$venv/ready" ]; then
  say "installing Snakemake"
  rm -rf "$venv"
  { python3 -m venv "$venv" && "$venv/bin/python" -m pip install --quiet --requirement "$here/requirements.txt"; } ||
    not_run "Snakemake could not be installed"
  touch "$venv/ready"
fi

sample 300
cd "$work"
export MODEL=model FASTA=in.fa OUT=parallel
longfirst infer --quiet --model model -t 1 --world-size 4 --out alone in.fa

say "Kubernetes"
"$venv/bin/python" "$here/kubernetes.py" "$pages/kubernetes-job.yaml"
# The command of the manifest as a pod runs it, on this machine's files.
args=$("$venv/bin/python" "$here/kubernetes.py" --args "$pages/kubernetes-job.yaml" | sed "s|/data/models/[^ ]*|model|; s|/data/embeddings|pods|; s|/data/proteins.fa|in.fa|; s|=16|=4|")
for index in 0 1 2 3; do
  JOB_COMPLETION_INDEX=$index longfirst $args -t 1 2> "pod$index.log" || { cat "pod$index.log"; fail "pod $index"; }
  grep -q "rank $index of world size 4, from Kubernetes Indexed Job" "pod$index.log" || fail "rank of pod $index"
done
complete pods alone

say "a file system without locks"
if command -v strace > /dev/null; then
  files=("$work/in.fa.lfx" "$work/in.fa.lfx.lock")
  for rank in 0 1 2 3; do files+=("$work/lockless/tmp/rank-0000$rank.lock"); done
  TMPDIR=$work/local; export TMPDIR; mkdir "$TMPDIR"
  strace -f -qq -o /dev/null "${files[@]/#/--trace-path=}" -e trace=flock -e inject=flock:error=ENOLCK \
    longfirst infer --model model -t 1 --world-size 4 --out lockless in.fa 2> lockless.log || { cat lockless.log; fail "no locks"; }
  grep -q "kept in node-local space" lockless.log || { cat lockless.log; fail "node-local space"; }
  grep -q "this file system has no locks" lockless.log || { cat lockless.log; fail "rank locks"; }
  unset TMPDIR
  complete lockless alone
else
  echo "NOT RUN: strace is not installed"
fi

say "Snakemake"
snake() { "$venv/bin/snakemake" --snakefile "$pages/Snakefile" --cores 2 --config fasta=in.fa model=model out=snake shares=4 threads=1 "$@" > snake.log 2>&1 || { cat snake.log; fail "snakemake"; }; }
snake
complete snake alone
snake
grep -q "Nothing to be done" snake.log || { cat snake.log; fail "a second run computes again"; }
rm snake.shares/2 snake.verified snake/embeddings/part-r00002-*
snake
complete snake alone

say "GNU parallel"
if (provide parallel parallel) && parallel --version 2> /dev/null | grep -q GNU; then
  bash "$pages/parallel.sh" 4 --jobs 2 2> parallel.log || { cat parallel.log; fail "parallel"; }
  complete parallel alone
else
  echo "NOT RUN: there is no GNU parallel"
fi

say "Nextflow"
jars=$(dirname "$program")/nextflow-$(cksum < "$here/nextflow/pom.xml" | cut -d' ' -f1)
if ! command -v nextflow > /dev/null && command -v java > /dev/null && command -v mvn > /dev/null; then
  [ -e "$jars/ready" ] ||
    { mvn --quiet --batch-mode --file "$here/nextflow/pom.xml" dependency:copy-dependencies -DoutputDirectory="$jars" > mvn.log 2>&1 &&
      touch "$jars/ready"; } || tail -3 mvn.log
  [ -e "$jars/ready" ] && export NEXTFLOW_JARS=$jars PATH=$here/nextflow:$PATH
fi
if command -v nextflow > /dev/null; then
  export NXF_OFFLINE=true NXF_HOME=$work/nextflow
  flow() { nextflow run "$pages/main.nf" --threads 1 --fasta "$work/in.fa" --model "$work/model" --out "$work/flow" --shares 4 "$@" > flow.log 2>&1 || { cat flow.log; fail "nextflow"; }; }
  flow
  complete flow alone
  rm flow/embeddings/part-r00002-*
  flow
  complete flow alone
else
  echo "NOT RUN: nextflow is not installed, nor java and mvn to fetch it"
fi
echo "Tools: ok in $SECONDS s"
