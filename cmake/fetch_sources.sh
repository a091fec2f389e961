#!/bin/sh
# Fetches the sources that the WebAssembly build compiles itself, XNNPACK and pthreadpool, from the
# machine's own Debian mirror and unpacks them into build/third_party/. Needs no root and leaves the
# machine's apt configuration alone: it reads the mirror there, and keeps its own source list, package
# lists and state in a temporary folder. Running it again does nothing.
#
#   cmake/fetch_sources.sh [DESTINATION]
set -eu

here=$(cd "$(dirname "$0")" && pwd)
destination=${1:-$here/../build/third_party}
pins=$here/XnnpackSources.sha256 # "sha256  NAME TARBALL" a line; the versions are those of Debian 13

fail() {
  echo "fetch_sources: $1" >&2
  exit 1
}

# The first mirror of Debian's main archive that apt is configured with: one-line or deb822 format.
mirror_of_this_machine() {
  for list in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [ -r "$list" ] && sed -n 's/^deb \(\[[^]]*\] *\)\{0,1\}\([^ ]*\) .*/\2/p' "$list"
  done
  for list in /etc/apt/sources.list.d/*.sources; do
    [ -r "$list" ] && sed -n 's/^URIs: *\([^ ]*\).*/\1/p' "$list"
  done
}

fetch_tarballs() { # fetch_tarballs FOLDER NAME ...: leaves the .orig tarballs in FOLDER
  folder=$1
  shift
  command -v apt-get >/dev/null || fail "apt-get is missing: unpack XNNPACK (2024-11-08) and pthreadpool \
(2024-06-16) yourself, side by side, and name XNNPACK's folder in the environment variable XNNPACK_SOURCE_DIR"
  mirror=$(mirror_of_this_machine | grep debian | grep -v security | head -n 1)
  [ -n "$mirror" ] || fail "no Debian mirror in /etc/apt/sources.list or /etc/apt/sources.list.d/"
  mkdir -p "$folder/lists/partial" "$folder/archives/partial"
  echo "deb-src $mirror trixie main" >"$folder/sources.list"
  # FOLDER comes from mktemp and holds no blanks, so the options may be split at them.
  options="-q -o Dir::Etc::sourcelist=$folder/sources.list -o Dir::Etc::sourceparts=/dev/null
    -o Dir::State::lists=$folder/lists -o Dir::Cache=$folder -o APT::Sandbox::User="
  # shellcheck disable=SC2086
  apt-get $options update >"$folder/log" 2>&1 || fail "apt-get update: $(tail -n 1 "$folder/log")"
  # shellcheck disable=SC2086
  (cd "$folder" && apt-get $options source --tar-only "$@" >>log 2>&1) ||
    fail "apt-get source: $(tail -n 1 "$folder/log")"
}

missing=
while read -r sum name tarball; do
  [ "$(cat "$destination/$name/.sha256" 2>/dev/null)" = "$sum" ] || missing="$missing $name"
done <"$pins"
[ -n "$missing" ] || exit 0

mkdir -p "$destination"
destination=$(cd "$destination" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# shellcheck disable=SC2086 # a list of names
fetch_tarballs "$scratch" $missing

while read -r sum name tarball; do
  case " $missing " in *" $name "*) ;; *) continue ;; esac
  echo "$sum  $scratch/$tarball" | sha256sum --check --status - ||
    fail "$tarball is missing or is not the pinned one (sha256 $sum): Debian may have moved on, see $pins"
  rm -rf "${destination:?}/$name"
  mkdir "$scratch/$name"
  tar -xf "$scratch/$tarball" -C "$scratch/$name"
  # Some tarballs hold one folder, some its contents.
  content=$scratch/$name
  [ "$(ls "$content" | wc -l)" != 1 ] || content=$content/$(ls "$content")
  echo "$sum" >"$content/.sha256"
  mv "$content" "$destination/$name"
  echo "fetch_sources: $name -> $destination/$name"
done <"$pins"
