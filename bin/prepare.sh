# Sourced by the commands in this folder: finds what they need and installs what is missing.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

say() { printf '%s\n' "$*" >&2; }

# install PACKAGE...: installs Debian packages, or says how and stops.
install() {
  say "Installing with apt-get: $*"
  if [ "$(id -u)" = 0 ]; then
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$@" >/dev/null
  elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    sudo apt-get update -qq && sudo DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$@" >/dev/null
  else
    say "Please run this line, then try again:"
    say "  sudo apt-get update && sudo apt-get install -y $*"
    exit 1
  fi
}

# PostgreSQL's programs, a C compiler and what the build of the crypto library needs.
prepare() {
  local missing=()
  if ! ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 && ! command -v initdb >/dev/null; then
    missing+=(postgresql)
  fi
  command -v cc >/dev/null || missing+=(build-essential)
  command -v cmake >/dev/null || missing+=(cmake)
  if [ "${#missing[@]}" -gt 0 ]; then install "${missing[@]}"; fi
  if ! command -v cargo >/dev/null; then
    say "A Rust toolchain is needed: install rustup, then try again."
    exit 1
  fi
  # Built crates are shared by all checkouts of a user, so that a fresh clone builds fast.
  export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/meditrack/target}
}
