#!/usr/bin/env bash
# Installs the programs that longfirst is compared with: those of Debian with apt-get, where that may be done, and those of
# PyPI, pinned in requirements*.txt, into virtual environments below DIR. Needs Python 3.10 or newer and about 7 GB.
# What can't be installed is named and left out; the comparison then names it as absent.
# Usage: install.sh DIR
set -uo pipefail
dir=$1
here=$(cd "$(dirname "$0")" && pwd)

for program in samtools seqkit; do
  command -v $program > /dev/null && continue
  if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
    apt-get install -y -qq $program > /dev/null || echo "absent: $program: apt-get could not install it" >&2
  else
    echo "absent: $program: install it with the system's package manager" >&2
  fi
done

environment() { # environment NAME REQUIREMENTS
  local python=$dir/$1/bin/python
  [ -x "$python" ] || python3 -m venv "$dir/$1" || exit 1
  # One by one: a peer that has no build for this platform must not keep the others out.
  grep -v '^#' "$here/$2" | while read -r requirement; do
    "$python" -m pip install --quiet "$requirement" || echo "absent: $requirement: pip could not install it" >&2
  done
}

environment python requirements.txt
environment esm-cpp requirements-esm-cpp.txt
echo "peers are in $dir"
