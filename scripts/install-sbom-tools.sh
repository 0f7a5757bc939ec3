#!/usr/bin/env bash
# Brings the reader that judges our SPDX documents in tests: spdx-tools, SPDX's own validator, from PyPI (exact versions in sbom.requirements.txt).
#
# Writes to ${BENTO_CACHE:-$HOME/.cache/bento-ts}/sbom (55 MB) and prints that folder; a second run touches nothing and needs no network.
# Needs python3 with venv and pip.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"

target="${BENTO_CACHE:-$HOME/.cache/bento-ts}/sbom"
wanted="$(sha256sum "$here/sbom.requirements.txt" | cut -d' ' -f1)"

fail() {
  echo "install-sbom-tools: $1" >&2
  exit 1
}

if [ "$(cat "$target/installed" 2>/dev/null)" = "$wanted" ]; then
  echo "the SBOM tools are already there" >&2
  echo "$target"
  exit 0
fi

command -v python3 >/dev/null || fail "python3 is missing: install Python 3.10 or newer (Debian: apt-get install python3-venv), then run this again"

mkdir -p "$target"
rm -rf "$target/venv" "$target/installed"
python3 -m venv "$target/venv" || fail "python3 can't make a virtual environment (Debian: apt-get install python3-venv)"
"$target/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps -r "$here/sbom.requirements.txt" >&2 || fail "pip could not install the tools: see its message above"

echo "$wanted" >"$target/installed"
echo "SBOM tools installed: spdx-tools" >&2
echo "$target"
