#!/usr/bin/env bash
# Did a change help? Builds the program as it was at a git revision and as it is now, runs the benchmarks of both in turn,
# and compares them. What one of the versions does not measure is left out.
# Usage: compare.sh REVISION [OPTION OF longfirst bench]...; default options: --quick
# ROUNDS (default 3) is how often each version runs.
set -euo pipefail
if [ $# = 0 ]; then
  echo "compare.sh: which revision? make bench-compare REF=HEAD~1" >&2
  exit 2
fi
revision=$1
shift
[ $# -gt 0 ] || set -- --quick
cd "$(dirname "$0")/.."
commit=$(git rev-parse --verify --quiet "$revision^{commit}") || {
  echo "compare.sh: there is no revision $revision" >&2
  exit 2
}
work=bin/compare-$(git rev-parse --short "$commit")
tree=$work/tree

rm -rf "$work"
git worktree prune
mkdir -p "$work/a" "$work/b"
git worktree add --quiet --detach "$tree" "$commit"
trap 'git worktree remove --force "$tree"' EXIT

export CGO_ENABLED=${CGO_ENABLED:-0}
(cd "$tree" && go build -o ../longfirst-a ./cli)
go build -o "$work/longfirst-b" ./cli

for round in $(seq "${ROUNDS:-3}"); do
  order="a b"
  ((round % 2)) || order="b a"
  for side in $order; do
    echo "round $round: $side, $([ "$side" = a ] && echo "$revision" || echo "as it is now")" >&2
    "$work/longfirst-$side" bench "$@" --quiet --json "$work/$side/$round.json" > "$work/$side/$round.txt"
  done
done
echo "A is $revision, B is what lies here now" >&2
"$work/longfirst-b" bench compare "$work/a" "$work/b"
