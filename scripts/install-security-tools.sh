#!/usr/bin/env bash
# Brings the tools that attack a server in tests: sslscan (what a port with TLS offers), slowhttptest (callers who are slow on purpose) and h2load (floods over
# HTTP/2) from the system's packages, h2spec (the rules of HTTP/2, one by one) as a Go module.
#
# Needs root or passwordless sudo on a system with apt, and Go. h2spec comes to ${BENTO_CACHE:-$HOME/.cache/bento-ts}/h2spec. A second run changes nothing and
# needs no network.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
# shellcheck source=scripts/install-steps.sh
source "$here/install-steps.sh"

# The last version that Go's module proxy has.
h2spec_version=v2.2.1+incompatible
h2spec_dir="${BENTO_CACHE:-$HOME/.cache/bento-ts}/h2spec/$h2spec_version"

missing=()
command -v sslscan >/dev/null || missing+=(sslscan)
command -v slowhttptest >/dev/null || missing+=(slowhttptest)
command -v h2load >/dev/null || missing+=(nghttp2-client)
[ ${#missing[@]} -eq 0 ] || install_packages "${missing[@]}"

if [ ! -x "$h2spec_dir/h2spec" ]; then
  command -v go >/dev/null || fail "go is missing: install Go 1.21 or newer, then run this again"
  mkdir -p "$h2spec_dir"
  GOBIN="$h2spec_dir" go install "github.com/summerwind/h2spec/cmd/h2spec@$h2spec_version" >&2 || fail "go could not build h2spec: see its message above"
fi

for tool in sslscan slowhttptest h2load; do
  command -v "$tool" >/dev/null || fail "the packages did not bring $tool"
done
echo "sslscan, slowhttptest, h2load and $h2spec_dir/h2spec are there" >&2
