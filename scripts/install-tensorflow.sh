#!/usr/bin/env bash
# Prepares the native TensorFlow for tests and CI by the command itself: bento-ts tensorflow install.
#
# Writes to ${BENTO_HOME:-$HOME/.bento-ts}/tensorflow and prints the result as JSON; a second run only checks it (1 s).
# Needs the built packages ("npm run build"). As root on Debian it brings the compiler as well.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v g++ >/dev/null && [[ $EUID -eq 0 ]] && command -v apt-get >/dev/null; then
  apt-get -qq install -y --no-install-recommends g++ binutils >&2
fi
[[ -f packages/cli/dist/main.js ]] || {
  echo 'install-tensorflow: the packages are not built: run "npm run build" first' >&2
  exit 1
}
# By the workspace's own Node.
exec npm exec --no -- bento-ts tensorflow install --json
