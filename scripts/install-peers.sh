#!/usr/bin/env bash
# Brings the servers of others that `npm run bench -- --peers` runs beside ours: BentoML, MLServer, KServe's Python server, LitServe, FastAPI with
# onnxruntime, all from PyPI. Exact versions stand in test/bench/peers/NAME/requirements.txt, each for a virtual environment of its own, since their pins do
# not agree.
#
# Writes to ${BENTO_CACHE:-$HOME/.cache/bento-ts}/peers (1.7 GB) and prints that folder; a second run touches nothing and needs no network. One that can't be
# installed is said so at the end, with exit code 1; the others are there. Needs Python 3.11 with venv and pip.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
# shellcheck source=scripts/install-steps.sh
source "$here/install-steps.sh"

# The versions are those for 3.11; others have other wheels.
python3 -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || fail "expected python3 to be Python 3.11, got $(python3 --version 2>&1): put one first in PATH, then run this again"

peers="${BENTO_CACHE:-$HOME/.cache/bento-ts}/peers"
missing=()
for folder in "$here"/../test/bench/peers/*/; do
  name="$(basename "$folder")"
  requirements="$folder/requirements.txt"
  wanted="$(sha256sum "$requirements" | cut -d' ' -f1)"
  [ "$(cat "$peers/$name/installed" 2>/dev/null)" = "$wanted" ] && continue
  echo "installing $name" >&2
  # A subshell, since a failed step ends the script that it is in.
  if (install_python "$peers/$name" "$requirements" "packages of $name"); then
    echo "$wanted" >"$peers/$name/installed"
  else
    missing+=("$name")
  fi
done
echo "$peers"
[ "${#missing[@]}" -eq 0 ] || fail "not installed: ${missing[*]}"
