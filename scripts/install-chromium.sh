#!/usr/bin/env bash
# Brings /usr/bin/chromium, the browser in which the documentation page is tested, from Debian's packages (Ubuntu has it as a snap only).
#
# Needs root or passwordless sudo on a system with apt. A second run changes nothing and needs no network.
set -euo pipefail

fail() {
  echo "install-chromium: $1" >&2
  exit 1
}

if [ -x /usr/bin/chromium ]; then
  echo "chromium is already there: /usr/bin/chromium" >&2
  exit 0
fi

command -v apt-get >/dev/null || fail "apt-get is missing: install Chromium by other means so that /usr/bin/chromium runs it, then run the tests again"
root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null && sudo -n true 2>/dev/null || fail "not root and no passwordless sudo: run it as root"
  root=(sudo -n)
fi

"${root[@]}" apt-get update -qq >&2 || fail "apt-get update failed: see its message above"
# apt says a lot even when quiet; stdout stays empty for callers.
"${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >&2 || fail "apt-get could not install chromium: see its message above"
[ -x /usr/bin/chromium ] || fail "the package did not bring /usr/bin/chromium"
echo "installed chromium: /usr/bin/chromium" >&2
