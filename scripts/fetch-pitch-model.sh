#!/usr/bin/env bash
# Brings the notes model of the PyPI package basic-pitch into the shared cache, as a SavedModel (nmp/) and as ONNX (nmp.onnx), and prints the folder.
# Needs python3 with pip.
set -euo pipefail
command -v python3 >/dev/null || { echo "fetch: python3 is missing: install Python 3.9 or newer with pip, then run this again" >&2; exit 1; }

python3 "$(dirname "$0")/fetch_from_wheel.py" "notes model" basic-pitch==0.4.0 pitch <<'FILES'
eaa25c91c431c91100c416a2c018663f4c635f28fa19529c4ff5e14c18aa29c9 basic_pitch/saved_models/icassp_2022/nmp/saved_model.pb nmp/saved_model.pb
356aa1a00095cf2dba17386144e8b289cb04195ae090aa7f324312b08220115e basic_pitch/saved_models/icassp_2022/nmp/variables/variables.index nmp/variables/variables.index
f5d12cd7245fecea0c956c963751f3519c263615ea954b5948d5e8c9c3376f9b basic_pitch/saved_models/icassp_2022/nmp/variables/variables.data-00000-of-00001 nmp/variables/variables.data-00000-of-00001
2c3c1d144bfa61ad236e92e169c13535c880469a12a047d4e73451f2c059a0ec basic_pitch/saved_models/icassp_2022/nmp.onnx nmp.onnx
FILES
