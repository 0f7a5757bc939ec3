#!/usr/bin/env bash
# Brings the clients that others wrote and that the interop tests call us with: tritonclient and the kserve client from PyPI (exact versions in
# interop.requirements.txt), grpcurl as a Go module.
#
# Writes to ${BENTO_CACHE:-$HOME/.cache/bento-ts}/interop (0.5 GB) and prints that folder; a second run touches nothing and needs no network.
# Needs python3 with venv and pip, and Go.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
# shellcheck source=scripts/install-steps.sh
source "$here/install-steps.sh"

grpcurl_version=v1.9.3
target="${BENTO_CACHE:-$HOME/.cache/bento-ts}/interop"
wanted="$(sha256sum "$here/interop.requirements.txt" | cut -d' ' -f1) grpcurl $grpcurl_version"

if [ "$(cat "$target/installed" 2>/dev/null)" = "$wanted" ]; then
  echo "the interop clients are already there" >&2
  echo "$target"
  exit 0
fi

command -v go >/dev/null || fail "go is missing: install Go 1.21 or newer (Debian: apt-get install golang-go), then run this again"

install_python "$target" "$here/interop.requirements.txt" clients
GOBIN="$target/bin" go install "github.com/fullstorydev/grpcurl/cmd/grpcurl@$grpcurl_version" >&2 || fail "go could not build grpcurl: see its message above"

echo "$wanted" >"$target/installed"
echo "interop clients installed: tritonclient, kserve, grpcurl" >&2
echo "$target"
