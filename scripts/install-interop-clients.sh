#!/usr/bin/env bash
# Brings the clients that others wrote and that the interop tests call us with: tritonclient and the kserve client from PyPI (exact versions in
# interop.requirements.txt), grpcurl as a Go module.
#
# Writes to ${BENTO_CACHE:-$HOME/.cache/bento-ts}/interop (0.5 GB) and prints that folder; a second run touches nothing and needs no network.
# Needs python3 with venv and pip, and Go.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"

grpcurl_version=v1.9.3
target="${BENTO_CACHE:-$HOME/.cache/bento-ts}/interop"
wanted="$(sha256sum "$here/interop.requirements.txt" | cut -d' ' -f1) grpcurl $grpcurl_version"

fail() {
  echo "install-interop-clients: $1" >&2
  exit 1
}

if [ "$(cat "$target/installed" 2>/dev/null)" = "$wanted" ]; then
  echo "the interop clients are already there" >&2
  echo "$target"
  exit 0
fi

command -v python3 >/dev/null || fail "python3 is missing: install Python 3.10 or newer (Debian: apt-get install python3-venv), then run this again"
command -v go >/dev/null || fail "go is missing: install Go 1.21 or newer (Debian: apt-get install golang-go), then run this again"

mkdir -p "$target"
rm -rf "$target/venv" "$target/installed"
python3 -m venv "$target/venv" || fail "python3 can't make a virtual environment (Debian: apt-get install python3-venv)"
"$target/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps -r "$here/interop.requirements.txt" >&2 || fail "pip could not install the clients: see its message above"
GOBIN="$target/bin" go install "github.com/fullstorydev/grpcurl/cmd/grpcurl@$grpcurl_version" >&2 || fail "go could not build grpcurl: see its message above"

echo "$wanted" >"$target/installed"
echo "interop clients installed: tritonclient, kserve, grpcurl" >&2
echo "$target"
