#!/usr/bin/env bash
# Builds and tries everything on the next Node: `scripts/node-next.sh [STEP...]`, the steps unit, kafka and demo.
# Node and its headers come as an npm package; the project is copied, so that the tree here keeps its own.
set -euo pipefail
cd "$(dirname "$0")/.."

VERSION=24.21.0
BASE=$PWD/.cache/node24

say() { printf 'node-next: %s\n' "$*"; }

platform() {
  case "$(uname -s) $(uname -m)" in
    'Linux x86_64') echo linux-x64 ;;
    'Linux aarch64') echo linux-arm64 ;;
    *)
      say "no Node package for $(uname -s) $(uname -m)" >&2
      return 1
      ;;
  esac
}

fetch_node() {
  local name
  name=node-$(platform)
  [[ -x $BASE/node/bin/node && $("$BASE/node/bin/node" --version) == "v$VERSION" ]] && return
  say "fetching $name@$VERSION"
  rm -rf "$BASE/node" && mkdir -p "$BASE/node"
  npm pack --silent --pack-destination "$BASE" "$name@$VERSION" >/dev/null
  tar -xzf "$BASE/$name-$VERSION.tgz" -C "$BASE/node" --strip-components=1
  rm "$BASE/$name-$VERSION.tgz"
}

# The copy keeps its node_modules between two calls, and shares the test parts.
copy_tree() {
  mkdir -p "$BASE/tree/.cache"
  find "$BASE/tree" -mindepth 1 -maxdepth 1 ! -name node_modules ! -name .cache -exec rm -rf {} +
  tar -cf - --exclude=./node_modules --exclude=./.cache --exclude=./.git --exclude=./dist . | tar -xf - -C "$BASE/tree"
  local part
  for part in kafka-libs registry; do ln -sfn "$PWD/.cache/$part" "$BASE/tree/.cache/$part"; done
}

step() {
  say "$1"
  case $1 in
    unit) npx --no-install vitest run --project unit ;;
    kafka) npx --no-install vitest run --project kafka test/route/json.kafka.test.ts test/route/zstd.kafka.test.ts ;;
    demo) timeout 180 node dist/cli.js demo --seconds 5 ;;
    *)
      say "no step $1: unit, kafka, demo" >&2
      return 1
      ;;
  esac
}

(($# > 0)) || set -- unit kafka demo
scripts/setup.sh --tests
fetch_node
copy_tree
cd "$BASE/tree"
export PATH=$BASE/node/bin:$PATH
# The headers that came along, whatever npm's configuration says; the addon is compiled for them.
export npm_config_nodedir=$BASE/node SETUP_COMPILE=1
scripts/setup.sh
npm run --silent build
for name in "$@"; do step "$name"; done
say "all done on Node $(node --version)"
