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
  # The Kafka client is a C library that takes its TLS from OpenSSL.
  [ -f /usr/include/openssl/ssl.h ] || missing+=(libssl-dev pkg-config)
  [ -f /usr/include/zlib.h ] || missing+=(zlib1g-dev)
  if [ "${#missing[@]}" -gt 0 ]; then install "${missing[@]}"; fi
  if ! command -v cargo >/dev/null; then
    say "A Rust toolchain is needed: install rustup, then try again."
    exit 1
  fi
  # Built crates are shared by all checkouts of a user, so that a fresh clone builds fast.
  export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/meditrack/target}
  # Tests know from their build where their files lie: what another checkout has built is no use here.
  local stamp=$CARGO_TARGET_DIR/checkout
  if [ -d "$CARGO_TARGET_DIR" ] && [ "$(cat "$stamp" 2>/dev/null)" != "$root" ]; then
    grep -rlZ --include='*.rs' CARGO_MANIFEST_DIR crates | xargs -0 touch
  fi
  mkdir -p "$CARGO_TARGET_DIR" && printf '%s\n' "$root" >"$stamp"
}

# web_node: a Node.js that can build the web application, on the PATH; false when there is none to be had.
web_node() {
  local wanted='const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)'
  if command -v node >/dev/null && node -e "$wanted"; then return 0; fi
  command -v npm >/dev/null || return 1
  # An older Node.js with npm can fetch a newer one, which comes as a package.
  local own=${XDG_CACHE_HOME:-$HOME/.cache}/meditrack/node
  [ -x "$own/node_modules/node/bin/node" ] || npm install --silent --prefix "$own" node@22 || return 1
  export PATH="$own/node_modules/node/bin:$PATH"
  node -e "$wanted"
}

# web_build: builds the web application, so that the binary holds it. Without Node.js the binary says that it has none.
web_build() {
  if ! web_node; then
    say "Node.js 20.19 or newer and npm are missing: the binary is built without the web application."
    return 0
  fi
  local page=web/dist/index.html
  if [ -f "$page" ] && [ -z "$(find web/src web/public web/bin web/index.html web/*.json web/*.ts -newer "$page" -print -quit)" ]; then
    return 0
  fi
  say "Building the web application ..."
  (cd web && npm ci --silent --no-audit --no-fund && npm run --silent build)
}
