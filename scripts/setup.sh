#!/usr/bin/env bash
# Sets up everything: `scripts/setup.sh` what the service needs, `scripts/setup.sh --tests` the parts of the tests
# besides (a Kafka broker and a schema registry as Java artifacts, the official clients of MaxCompute, Prometheus, a
# browser). A second call takes a second or two.
#
#   SETUP_COMPILE=1   compile the Kafka addon even where its prebuilt binary can be had (CI=true means the same)
set -euo pipefail
cd "$(dirname "$0")/.."

ADDON=@confluentinc/kafka-javascript
REGISTRY_VERSION=3.0.9
COMPILE_PACKAGES=(make g++ python3 librdkafka-dev libcurl4-openssl-dev libssl-dev libsasl2-dev libzstd-dev liblz4-dev zlib1g-dev)

say() { printf 'setup: %s\n' "$*"; }
fail() {
  printf 'setup: %s\n' "$*" >&2
  exit 1
}

have() {
  local name
  for name in "$@"; do command -v "$name" >/dev/null || return 1; done
}

# A stamp tells what a folder was made from; it is written last.
stamped() { [[ -f $1 && $(<"$1") == "$2" ]]; }
hash_of() { node -p "require('crypto').createHash('sha256').update(require('fs').readFileSync('$1')).digest('hex')"; }

# -- system packages -----------------------------------------------------------------------------------------------

missing_packages() {
  local package
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || printf '%s ' "$package"
  done
}

# install_packages WHY PACKAGE...: by apt-get as root; otherwise says what to do and ends.
install_packages() {
  local why=$1 missing command
  shift
  if ! have apt-get; then
    fail "$why needs what Debian calls: $*. There is no apt-get here: install them in your system's way, then run this again."
  fi
  missing=$(missing_packages "$@")
  missing=${missing% }
  [[ -n $missing ]] || return 0
  command="apt-get update && apt-get install -y --no-install-recommends $missing"
  [[ $(id -u) == 0 ]] || fail "$why needs packages. Run this, then make setup again:
  sudo sh -c '$command'"
  say "installing $missing ($why)"
  DEBIAN_FRONTEND=noninteractive sh -c "$command" >/dev/null || fail "failed: $command"
}

# -- the service ---------------------------------------------------------------------------------------------------

check_node() {
  have node npm || fail 'Node.js >= 20.19 with npm is needed: see https://nodejs.org'
  node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' ||
    fail "Node.js >= 20.19 is needed, this is $(node --version)"
}

# Where the addon's installer looks for its binary: "binary" in the addon's package.json, for this Node and C library.
prebuilt_url() {
  # shellcheck disable=SC2016 # the ${} are JavaScript's
  node -p '
    const version = require("./package-lock.json").packages["node_modules/'"$ADDON"'"].version;
    const { glibcVersionRuntime } = process.report.getReport().header;
    const libc = process.platform !== "linux" ? "unknown" : glibcVersionRuntime ? "glibc" : "musl";
    const target = `node-v${process.versions.modules}-${process.platform}-${libc}-${process.arch}`;
    "https://github.com/confluentinc/confluent-kafka-javascript/releases/download/" +
      `v${version}/confluent-kafka-javascript-v${version}-${target}.tar.gz`'
}

# The installer itself would wait for minutes where a firewall drops its packets.
prebuilt_reachable() {
  local url
  url=$(prebuilt_url)
  if have curl; then
    curl --silent --fail --location --head --max-time 20 --output /dev/null "$url"
  else
    node -e 'fetch(process.argv[1], { method: "HEAD", signal: AbortSignal.timeout(20_000) }).then(
      (answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))' "$url"
  fi
}

addon_loads() { node -e 'import("'$ADDON'")' 2>/dev/null; }

npm_ci() { npm ci --no-audit --no-fund --loglevel=error; }

# Builds the librdkafka that the addon bundles as a shared library: static linking fails on a bare Debian.
compile() {
  local prefix
  say 'compiling the Kafka addon (about a minute on two cores)'
  # Elsewhere than on Debian the tools tell themselves what they miss.
  if have apt-get || ! have make c++ python3; then
    install_packages 'compiling the Kafka addon' "${COMPILE_PACKAGES[@]}"
  fi
  prefix=$(node -p 'path.dirname(path.dirname(fs.realpathSync(process.execPath)))')
  # Node's headers, where Node brought them along; otherwise node-gyp fetches them.
  [[ ! -f $prefix/include/node/node.h ]] || export npm_config_nodedir=$prefix
  CKJS_LINKING=dynamic npm_config_build_from_source=$ADDON npm_ci
  addon_loads || fail "the compiled addon does not load: node -e 'import(\"$ADDON\")' tells why"
}

set_up_service() {
  local mode=any stamp
  [[ ${SETUP_COMPILE:-} != 1 && ${CI:-} != true ]] || mode=compile
  stamp="$(hash_of package-lock.json) $(node --version) $(uname -m)"
  if stamped node_modules/.maxsink-setup "$stamp compile"; then return; fi
  if [[ $mode == any ]] && stamped node_modules/.maxsink-setup "$stamp prebuilt"; then return; fi
  if [[ $mode == any ]] && prebuilt_reachable && npm_ci && addon_loads; then
    mode=prebuilt
  else
    mode=compile
    compile
  fi
  printf '%s' "$stamp $mode" >node_modules/.maxsink-setup
}

# -- the tests -----------------------------------------------------------------------------------------------------

java_version() { java -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p'; }

check_openssl() { have openssl || install_packages 'certificates for the tests' openssl; }

check_java() {
  have java mvn || install_packages 'the test broker' default-jre-headless maven
  (($(java_version) >= 17)) || fail "the test broker needs Java 17 or newer, this is $(java_version)"
}

maven() { mvn -q -B -Dstyle.color=never "$@" || fail "failed: mvn $*"; }

fetch_broker() {
  local stamp
  stamp=$(hash_of test/support/pom.xml)
  if stamped .cache/kafka-libs/.stamp "$stamp"; then return; fi
  say 'fetching the Kafka broker'
  rm -rf .cache/kafka-libs
  maven -f test/support/pom.xml dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$PWD/.cache/kafka-libs"
  printf '%s' "$stamp" >.cache/kafka-libs/.stamp
}

fetch_registry() {
  local artifact=io.apicurio:apicurio-registry-app:$REGISTRY_VERSION:tar.gz:all
  if stamped .cache/registry/.stamp "$artifact"; then return; fi
  say 'fetching the schema registry'
  rm -rf .cache/registry && mkdir -p .cache/registry
  maven dependency:get -Dtransitive=false -Dartifact="$artifact"
  maven dependency:copy -Dartifact="$artifact" -DoutputDirectory="$PWD/.cache/registry"
  tar -xzf .cache/registry/*.tar.gz -C .cache/registry
  rm .cache/registry/*.tar.gz
  mv ".cache/registry/apicurio-registry-app-$REGISTRY_VERSION-runner.jar" .cache/registry/registry.jar
  printf '%s' "$artifact" >.cache/registry/.stamp
}

check_clients() {
  have javac || install_packages 'the Java client of MaxCompute' default-jdk-headless
  python3 -c 'import ensurepip, venv' 2>/dev/null || install_packages 'the Python client of MaxCompute' python3 python3-venv
}

fetch_java_client() {
  local stamp
  stamp=$(hash_of test/conformance/pom.xml)
  if stamped .cache/clients/java/.stamp "$stamp"; then return; fi
  say 'fetching the Java client of MaxCompute'
  rm -rf .cache/clients/java
  maven -f test/conformance/pom.xml dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$PWD/.cache/clients/java"
  printf '%s' "$stamp" >.cache/clients/java/.stamp
}

fetch_python_client() {
  local stamp
  stamp="$(hash_of test/conformance/requirements.txt) $(python3 --version)"
  if stamped .cache/clients/venv/.stamp "$stamp"; then return; fi
  say 'fetching the Python client of MaxCompute'
  rm -rf .cache/clients/venv
  python3 -m venv .cache/clients/venv
  .cache/clients/venv/bin/pip install --quiet --disable-pip-version-check --requirement test/conformance/requirements.txt ||
    fail 'failed: pip install --requirement test/conformance/requirements.txt'
  printf '%s' "$stamp" >.cache/clients/venv/.stamp
}

check_monitoring() {
  have prometheus promtool || install_packages 'the tests of alerts and dashboard' prometheus
  have chromium || install_packages 'the test of the status page' chromium
}

set_up_tests() {
  check_openssl
  check_java
  check_monitoring
  fetch_broker
  fetch_registry
  check_clients
  fetch_java_client
  fetch_python_client
}

# ------------------------------------------------------------------------------------------------------------------

case ${1:-} in
  '' | --tests) ;;
  *) fail "usage: scripts/setup.sh [--tests]" ;;
esac
check_node
set_up_service
[[ ${1:-} != --tests ]] || set_up_tests
say 'done'
