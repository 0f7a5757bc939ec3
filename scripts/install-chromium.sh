#!/usr/bin/env bash
# Brings /usr/bin/chromium, the browser in which the documentation page is tested, from Debian's packages (Ubuntu has it as a snap only).
#
# Needs root or passwordless sudo on a system with apt. A second run changes nothing and needs no network.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
# shellcheck source=scripts/install-steps.sh
source "$here/install-steps.sh"

if [ -x /usr/bin/chromium ]; then
  echo "chromium is already there: /usr/bin/chromium" >&2
  exit 0
fi

command -v apt-get >/dev/null || fail "apt-get is missing: install Chromium by other means so that /usr/bin/chromium runs it, then run the tests again"
install_packages chromium
[ -x /usr/bin/chromium ] || fail "the package did not bring /usr/bin/chromium"
echo "installed chromium: /usr/bin/chromium" >&2
