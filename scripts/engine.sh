#!/usr/bin/env bash
# A container engine and base images for scripts that source this; the working directory is the project's.
# Everything that is fetched stays in .cache.
#
#   start_engine   uses the engine that answers; else, as root on Debian, starts one of its own until the script ends
#   base_images    sets BASES, the build arguments with images to build on: those of the registry, else made here
#   stand_ins      sets variables of deploy/compose.yaml to images made here, for those that cannot be pulled
#   compose_tool   makes `docker-compose` callable
#   build_image    `build_image TAG [OPTION...]`: docker build with the network of this machine

ENGINE=$PWD/.cache/engine
NODE_TAG=node:24-bookworm-slim
DEBIAN_TAG=debian:bookworm-slim

say() { printf '%s: %s\n' "${0##*/}" "$*"; }
fail() {
  say "$*" >&2
  exit 1
}
have() { command -v "$1" >/dev/null; }

install_packages() {
  if [[ $(id -u) != 0 ]] || ! have apt-get; then fail "needs what Debian calls: $*"; fi
  say "installing $*"
  { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"; } >"$ENGINE/apt.log" 2>&1 ||
    fail "apt-get failed: see $ENGINE/apt.log"
}

# -- the engine ----------------------------------------------------------------------------------------------------

start_engine() {
  mkdir -p "$ENGINE"
  if have docker && docker info >/dev/null 2>&1; then return; fi
  have dockerd || install_packages docker.io iptables
  # The client that came with this daemon, should there be another one.
  PATH=$(dirname "$(command -v dockerd)" | sed s/sbin/bin/):$PATH
  export PATH DOCKER_HOST=unix://$ENGINE/docker.sock
  if docker info >/dev/null 2>&1; then return; fi
  [[ $(id -u) == 0 ]] || fail 'no container engine answers, and starting one needs root'
  say 'starting a container engine'
  dockerd --data-root "$ENGINE/data" --exec-root "$ENGINE/exec" -H "$DOCKER_HOST" -p "$ENGINE/dockerd.pid" \
    >"$ENGINE/dockerd.log" 2>&1 &
  ENGINE_PID=$!
  trap stop_engine EXIT
  for _ in {1..120}; do
    if docker info >/dev/null 2>&1; then return; fi
    kill -0 "$ENGINE_PID" 2>/dev/null || break
    sleep 0.5
  done
  fail "the container engine did not start: see $ENGINE/dockerd.log"
}

stop_engine() {
  kill "$ENGINE_PID" 2>/dev/null || true
  wait "$ENGINE_PID" 2>/dev/null || true
}

# Stages that are not asked for are not built, where BuildKit is there.
build_image() {
  local tag=$1 kit=0
  shift
  if docker buildx version >/dev/null 2>&1 || [[ $(docker version --format '{{.Client.Version}}') == 20.* ]]; then kit=1; fi
  DOCKER_BUILDKIT=$kit docker build --network host -t "$tag" "$@" >"$ENGINE/build.log" 2>&1 || {
    tail -n 40 "$ENGINE/build.log" >&2
    fail "building $tag failed: see $ENGINE/build.log"
  }
}

# -- base images ---------------------------------------------------------------------------------------------------

known() { docker image inspect "$1" >/dev/null 2>&1; }
pulled() { known "$1" || timeout 120 docker pull --quiet "$1" >/dev/null 2>&1; }

# shellcheck disable=SC2034 # BASES is for the caller
base_images() {
  BASES=()
  if pulled "$DEBIAN_TAG" && pulled "$NODE_TAG"; then return; fi
  say 'no image can be pulled: using base images made here from packages'
  known "local/$DEBIAN_TAG" || make_debian
  known "local/$NODE_TAG" || make_node
  BASES=(--build-arg "BASE_IMAGE=local/$DEBIAN_TAG" --build-arg "NODE_IMAGE=local/$NODE_TAG")
}

# Without what the published image leaves out, so that sizes can be compared.
make_debian() {
  local root=$ENGINE/debian site=http://deb.debian.org
  have debootstrap || install_packages debootstrap
  say "making local/$DEBIAN_TAG"
  rm -rf "$root"
  debootstrap --variant=minbase bookworm "$root" "$site/debian" >"$ENGINE/debootstrap.log" 2>&1 ||
    fail "debootstrap failed: see $ENGINE/debootstrap.log"
  printf 'deb %s\n' "$site/debian bookworm main" "$site/debian bookworm-updates main" \
    "$site/debian-security bookworm-security main" >"$root/etc/apt/sources.list"
  rm -rf "$root"/usr/share/{doc,man,info,locale,groff,lintian,linda}/* "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/var/log/*
  tar -C "$root" -c . | docker import - "local/$DEBIAN_TAG" >/dev/null
  rm -rf "$root"
}

make_node() {
  local context=$ENGINE/node
  say "making local/$NODE_TAG"
  rm -rf "$context" && mkdir -p "$context"/{node,npm}
  npm pack --silent --pack-destination "$context" "node-linux-$(node -p process.arch)@24" npm@11 >/dev/null
  tar -xzf "$context"/node-*.tgz -C "$context/node" --strip-components=1
  tar -xzf "$context"/npm-*.tgz -C "$context/npm" --strip-components=1
  # Behind a proxy with an authority of its own npm needs that too, while the image is built.
  cat "${NODE_EXTRA_CA_CERTS:-/dev/null}" >"$context/authorities.pem"
  cat >"$context/Dockerfile" <<'END'
ARG BASE_IMAGE
FROM ${BASE_IMAGE}
COPY node /usr/local/
COPY npm /usr/local/lib/node_modules/npm/
COPY authorities.pem /usr/local/share/
ENV NODE_EXTRA_CA_CERTS=/usr/local/share/authorities.pem
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm \
    && ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx \
    && npm --version
END
  build_image "local/$NODE_TAG" --build-arg "BASE_IMAGE=local/$DEBIAN_TAG" "$context"
  rm -rf "$context"
}

# -- the stack of deploy/compose.yaml ------------------------------------------------------------------------------

stand_ins() {
  local name variable image context=$ENGINE/stand-ins
  for name in kafka registry prometheus; do
    variable=${name^^}_IMAGE
    image=$(sed -n "s/.*\${$variable:-\(.*\)}/\1/p" deploy/compose.yaml | head -n 1)
    if pulled "$image"; then continue; fi
    if ! known "local/$name"; then
      say "making a stand-in for $image"
      rm -rf "$context" && mkdir -p "$context"
      cp -rL .cache/kafka-libs .cache/registry test/image/stand-ins/* "$context/"
      build_image "local/$name" "${BASES[@]}" --target "$name" "$context"
      rm -rf "$context"
    fi
    export "$variable=local/$name"
  done
}

COMPOSE=5.0.2

compose_tool() {
  local tools=$PWD/.cache/tools source
  PATH=$tools/bin:$PATH
  if have docker-compose && docker-compose version --short | grep -qv '^1'; then return; fi
  have go || fail 'docker compose is fetched by Go, which is not here: see https://go.dev'
  say 'fetching docker compose (two minutes)'
  source=$(go mod download -json "github.com/docker/compose/v5@v$COMPOSE" | node -p 'JSON.parse(require("fs").readFileSync(0, "utf8")).Dir')
  mkdir -p "$tools/bin"
  (cd "$source" && go build -trimpath -ldflags "-s -w -X github.com/docker/compose/v5/internal.Version=v$COMPOSE" -o "$tools/bin/docker-compose" ./cmd) \
    2>"$tools/docker-compose.log" || fail "building docker compose failed: see $tools/docker-compose.log"
}
