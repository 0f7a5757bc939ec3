#!/usr/bin/env bash
# Brings the reader that judges our SPDX documents in tests: spdx-tools, SPDX's own validator, from PyPI (exact versions in sbom.requirements.txt).
#
# Writes to ${BENTO_CACHE:-$HOME/.cache/bento-ts}/sbom (55 MB) and prints that folder; a second run touches nothing and needs no network.
# Needs python3 with venv and pip.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
# shellcheck source=scripts/install-steps.sh
source "$here/install-steps.sh"

target="${BENTO_CACHE:-$HOME/.cache/bento-ts}/sbom"
wanted="$(sha256sum "$here/sbom.requirements.txt" | cut -d' ' -f1)"

if [ "$(cat "$target/installed" 2>/dev/null)" = "$wanted" ]; then
  echo "the SBOM tools are already there" >&2
  echo "$target"
  exit 0
fi

install_python "$target" "$here/sbom.requirements.txt" tools

echo "$wanted" >"$target/installed"
echo "SBOM tools installed: spdx-tools" >&2
echo "$target"
