# Steps that the scripts here which install something share. Source it: `source "$here/install-steps.sh"`.

# Ends the script that sources this with a sentence.
fail() {
  echo "$(basename "$0" .sh): $1" >&2
  exit 1
}

# Installs packages of the system's. Needs apt, and root or passwordless sudo.
install_packages() {
  command -v apt-get >/dev/null || fail "apt-get is missing: install $* by other means, then run the tests again"
  local root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null && sudo -n true 2>/dev/null || fail "not root and no passwordless sudo: run it as root"
    root=(sudo -n)
  fi
  "${root[@]}" apt-get update -qq >&2 || fail "apt-get update failed: see its message above"
  # apt says a lot even when quiet; stdout stays empty for callers.
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >&2 || fail "apt-get could not install $*: see its message above"
}

# Makes a virtual environment of Python's in a folder, of the exact versions in a file; $3 says what they are.
install_python() {
  local target=$1 requirements=$2 what=$3
  command -v python3 >/dev/null || fail "python3 is missing: install Python 3.10 or newer (Debian: apt-get install python3-venv), then run this again"
  mkdir -p "$target"
  rm -rf "$target/venv" "$target/installed"
  python3 -m venv "$target/venv" || fail "python3 can't make a virtual environment (Debian: apt-get install python3-venv)"
  "$target/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps -r "$requirements" >&2 || fail "pip could not install the $what: see its message above"
}
