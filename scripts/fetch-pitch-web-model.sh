#!/usr/bin/env bash
# Brings the notes model of the npm package @spotify/basic-pitch, a TF.js GraphModel, into the shared cache and prints the folder.
#
# As a dependency the package would bring TensorFlow.js 3 with a hundred packages, for two files. A second run touches nothing and needs no network.
set -euo pipefail
package=@spotify/basic-pitch@1.0.1
target="${BENTO_CACHE:-$HOME/.cache/bento-ts}/models/pitch-web"
sums='1ed1aaee3409ec1dc098c8b01f430c0911f6fe9412e7af8086750f9e8f302f68  model.json
b142a95737a52e1e412d5f92e73d8bb80dfe8d04941acc0702f11f4524fb377c  group1-shard1of1.bin'

is_whole() { (cd "$1" 2>/dev/null && sha256sum --quiet --check - <<<"$sums" >/dev/null 2>&1); }

if is_whole "$target"; then
  echo "the TF.js notes model of $package is already there, checked" >&2
else
  mkdir -p "$(dirname "$target")"
  # Beside the target, so that the move at the end stays on one file system: a reader never sees half a folder.
  work=$(mktemp -d "$(dirname "$target")/.pitch-web.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  (cd "$work" && npm pack --silent "$package" >/dev/null && tar -xzf ./*.tgz package/model)
  is_whole "$work/package/model" || { echo "fetch: the files in $package are not the expected ones (sha256 differs): nothing was kept" >&2; exit 1; }
  rm -rf "$target"
  mv "$work/package/model" "$target"
  echo "the TF.js notes model of $package fetched from npm, sha256 checked" >&2
fi
echo "$target"
