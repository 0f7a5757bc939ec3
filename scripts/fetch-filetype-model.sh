#!/usr/bin/env bash
# Brings the file-type model of the PyPI package magika into the shared cache and prints the folder that holds it.
# Needs python3 with pip. The sums belong to the files inside the wheel, so every platform's wheel passes.
set -euo pipefail
command -v python3 >/dev/null || { echo "fetch: python3 is missing: install Python 3.9 or newer with pip, then run this again" >&2; exit 1; }

python3 "$(dirname "$0")/fetch_from_wheel.py" "file-type model" magika==1.0.3 filetype <<'FILES'
fe2d2eb49c5f88a9e0a6c048e15d6ffdf86235519c2afc535044de433169ec8c magika/models/standard_v3_3/model.onnx model.onnx
ae24c742205358f6ff6dfd5facb6743fb69743dbba8373e73da58ff0cbd695db magika/models/standard_v3_3/config.min.json config.min.json
75208adba69bc0556403b62b32ef3ccf8b5ce494411780845852e52e6583a10d magika/config/content_types_kb.min.json content_types_kb.min.json
FILES
