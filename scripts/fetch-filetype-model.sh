#!/usr/bin/env bash
# Brings the file-type model of the PyPI package magika into the shared cache and prints the folder that holds it.
#
# Writes model.onnx, config.min.json and content_types_kb.min.json to ${BENTO_CACHE:-$HOME/.cache/bento-ts}/models/filetype/.
# Stdout holds the folder alone, stderr one line that says what was done; a second run touches nothing and needs no network.
# Needs python3 with pip. The sums below belong to the files inside the wheel, so every platform's wheel passes.
set -euo pipefail

version=1.0.3
sums="\
fe2d2eb49c5f88a9e0a6c048e15d6ffdf86235519c2afc535044de433169ec8c  model.onnx
ae24c742205358f6ff6dfd5facb6743fb69743dbba8373e73da58ff0cbd695db  config.min.json
75208adba69bc0556403b62b32ef3ccf8b5ce494411780845852e52e6583a10d  content_types_kb.min.json"

target="${BENTO_CACHE:-$HOME/.cache/bento-ts}/models/filetype"

fail() {
  echo "fetch-filetype-model: $1" >&2
  exit 1
}

command -v python3 >/dev/null || fail "python3 is missing: install Python 3.9 or newer with pip, then run this again"
python3 -m pip --version >/dev/null 2>&1 || fail "pip is missing: install it for $(command -v python3) (Debian: apt-get install python3-pip), then run this again"

# Exits 0 when every file in folder $1 has the sum written above.
checked() {
  python3 - "$1" "$sums" <<'PY'
import hashlib, pathlib, sys
folder = pathlib.Path(sys.argv[1])
for line in sys.argv[2].splitlines():
    expected, name = line.split()
    file = folder / name
    if not file.is_file() or hashlib.sha256(file.read_bytes()).hexdigest() != expected:
        sys.exit(1)
PY
}

if checked "$target"; then
  echo "file-type model of magika $version is already there, checked" >&2
  echo "$target"
  exit 0
fi

# Beside the target, so that the moves at the end stay on one file system: a reader never sees half a file.
mkdir -p "$(dirname "$target")"
work="$(mktemp -d "$(dirname "$target")/.filetype.XXXXXX")"
trap 'rm -rf "$work"' EXIT

# "any" picks the wheel without native code: 3 MB in place of 16.
python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --platform any --python-version 3.11 \
  --dest "$work" "magika==$version" >&2 || fail "pip could not download magika $version: see its message above"

python3 - "$work" <<'PY'
import pathlib, sys, zipfile
work = pathlib.Path(sys.argv[1])
wheel = zipfile.ZipFile(next(work.glob("magika-*.whl")))
for inside in ("models/standard_v3_3/model.onnx", "models/standard_v3_3/config.min.json", "config/content_types_kb.min.json"):
    (work / pathlib.PurePosixPath(inside).name).write_bytes(wheel.read(f"magika/{inside}"))
PY

checked "$work" || fail "the files in the wheel of magika $version are not the expected ones (sha256 differs): nothing was kept"

mkdir -p "$target"
while read -r _ name; do
  mv -f "$work/$name" "$target/$name"
done <<<"$sums"
echo "file-type model of magika $version fetched from PyPI, sha256 checked" >&2
echo "$target"
