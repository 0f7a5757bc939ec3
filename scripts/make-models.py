#!/usr/bin/env python3
"""Makes every committed model, golden file and sample again; the same versions give the same bytes.

    python3 -m venv /tmp/make-models
    /tmp/make-models/bin/pip install -r scripts/make-models.requirements.txt
    /tmp/make-models/bin/python scripts/make-models.py [tiny|slow|sklearn|iris|ocr|filetype ...]

Needs Python 3.11 or newer. Nobody has to run it to build, test or use the project: what it makes is committed.
"""

import sys

# The fixtures' folder is not a place for compiled Python.
sys.dont_write_bytecode = True

from make_models import filetype_samples, iris_template, ocr_samples, sklearn_models, slow, tiny  # noqa: E402

PARTS = {
    "tiny": tiny.make,
    "slow": slow.make,
    "sklearn": sklearn_models.make,
    "iris": iris_template.make,
    "ocr": ocr_samples.make,
    "filetype": filetype_samples.make,
}


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        print(f"unknown part {', '.join(unknown)}: choose from {', '.join(PARTS)}", file=sys.stderr)
        return 2
    for name in names or PARTS:
        PARTS[name]()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
