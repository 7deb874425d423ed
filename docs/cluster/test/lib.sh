# What the scripts of this folder share. To be sourced; expects $program and makes $work, which goes away at the end.

work=$(mktemp -d)
cleanups=()
clean_up() {
  local status=$?
  for ((i = ${#cleanups[@]} - 1; i >= 0; i--)); do ${cleanups[i]} 2> /dev/null || true; done
  rm -rf "$work"
  exit $status
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

say() { echo "== $* ($SECONDS s)"; }
fail() { echo "FAILED: $*" >&2; exit 1; }

# not_run REASON: a tool that can't be had is no failure of the program.
not_run() { echo "NOT RUN: $*"; exit 0; }

# provide COMMAND PACKAGE...: installs packages where COMMAND is missing and this may install.
provide() {
  local command=$1
  shift
  command -v "$command" > /dev/null && return
  command -v apt-get > /dev/null && [ "$(id -u)" = 0 ] || not_run "$command is not installed, and only root can install $* (apt-get)"
  say "installing $*"
  export DEBIAN_FRONTEND=noninteractive
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@"; } > "$work/apt.log" 2>&1 ||
    { tail -5 "$work/apt.log"; not_run "$* could not be installed"; }
  command -v "$command" > /dev/null || not_run "$* hold no $command"
}

# wait_until SECONDS WHAT COMMAND...: polls.
wait_until() {
  local last=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" > /dev/null 2>&1; do
    ((SECONDS < last)) || fail "no $what in time"
    sleep 0.1
  done
}

# sample RECORDS: proteins of 60 to 280 residues, in $work/in.fa; a model with random weights in $work/model.
sample() {
  awk -v n="$1" 'BEGIN {
    srand(1); letters = "ACDEFGHIKLMNPQRSTVWY"
    for (i = 0; i < n; i++) {
      s = "M"; for (k = 60 + int(rand() * 220); k > 1; k--) s = s substr(letters, 1 + int(rand() * 20), 1)
      print ">p" i "\n" s
    }
  }' > "$work/in.fa"
  "$program" model init --quiet --config tiny --out "$work/model"
}

# parts OUT RANK: how many blocks of a rank are there.
parts() { find "$1/embeddings" -name "part-r$(printf %05d "$2")-*" 2> /dev/null | wc -l; }
has_parts() { (($(parts "$1" "$2") >= $3)); }

# complete OUT LIKE: verify proves OUT complete, and its parts are those of LIKE, byte for byte.
complete() {
  "$program" verify "$1" || fail "verify $1"
  [ -e "$1/_SUCCESS" ] || fail "$1 has no _SUCCESS"
  diff -rq "$1/embeddings" "$2/embeddings" || fail "$1 and $2 differ"
}
