#!/usr/bin/env bash
# Brings sslscan, which lists what a port with TLS offers, from the system's packages.
#
# Needs root or passwordless sudo on a system with apt. A second run changes nothing and needs no network.
set -euo pipefail

fail() {
  echo "install-sslscan: $1" >&2
  exit 1
}

if command -v sslscan >/dev/null; then
  echo "sslscan is already there: $(command -v sslscan)" >&2
  exit 0
fi

command -v apt-get >/dev/null || fail "apt-get is missing: install sslscan by other means, then run the tests again"
root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null && sudo -n true 2>/dev/null || fail "not root and no passwordless sudo: run it as root"
  root=(sudo -n)
fi

"${root[@]}" apt-get update -qq >&2 || fail "apt-get update failed: see its message above"
# apt says a lot even when quiet; stdout stays empty for callers.
"${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends sslscan >&2 || fail "apt-get could not install sslscan: see its message above"
command -v sslscan >/dev/null || fail "the package did not bring sslscan"
echo "installed sslscan: $(command -v sslscan)" >&2
