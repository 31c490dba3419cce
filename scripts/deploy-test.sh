#!/usr/bin/env bash
# Checks what is in deploy/: the chart with helm and, rendered with several values, against the schemas of Kubernetes,
# KEDA and the Prometheus operator. Needs Go, which fetches the tools and the schemas into .cache once (two minutes).
set -euo pipefail
cd "$(dirname "$0")/.."

KUBERNETES=1.34.4
TOOLS=$PWD/.cache/tools
SCHEMAS=.cache/kube-schemas
CHART=deploy/chart
RENDERED=.cache/rendered

say() { printf 'deploy-test: %s\n' "$*"; }
fail() {
  say "$*" >&2
  exit 1
}

# tool NAME PACKAGE@VERSION
tool() {
  [[ -x $TOOLS/bin/$1 ]] && return
  command -v go >/dev/null || fail "$1 is fetched by Go, which is not here: see https://go.dev"
  say "fetching $1"
  GOBIN=$TOOLS/bin go install "$2" 2>"$TOOLS/$1.log" || fail "fetching $1 failed: see $TOOLS/$1.log"
}

# The folder of a Go module, which also carries what is no Go.
module() {
  go mod download -json "$1" | node -p 'JSON.parse(require("fs").readFileSync(0, "utf8")).Dir'
}

schemas() {
  local kubernetes keda operator
  [[ -f $SCHEMAS/scaledobject-keda-v1alpha1.json ]] && return
  say 'making schemas'
  kubernetes=$(module "k8s.io/kubernetes@v$KUBERNETES")
  keda=$(module github.com/kedacore/keda/v2@v2.21.0)/config/crd/bases
  operator=$(module github.com/prometheus-operator/prometheus-operator@v0.85.0)/example/prometheus-operator-crd
  node scripts/kube-schemas.mjs "$SCHEMAS" "$kubernetes/api/openapi-spec/swagger.json" \
    "$operator"/monitoring.coreos.com_{servicemonitors,prometheusrules}.yaml "$keda"/keda.sh_{triggerauthentications,scaledobjects}.yaml
}

# Helm tells of each linked file that it follows; that is meant.
helm() { "$TOOLS/bin/helm" "$@" 2> >(grep -v 'found symbolic link' >&2); }
render() { helm template orders "$CHART" --kube-version "$KUBERNETES" "$@"; }

# refused PATTERN OPTION...: the chart must not render, and say why.
refused() {
  local pattern=$1 output
  shift
  if output=$(render "$@" 2>&1); then fail "rendered, though it should not: $*"; fi
  grep -q -- "$pattern" <<<"$output" || fail "no '$pattern' in: $output"
}

# As little as the chart reads, with one line more.
config_with() { printf '%s\n' 'name: orders' 'kafka: {brokers: k:9092}' 'maxcompute: {endpoint: http://m/api}' 'table: {name: t}' "$1"; }

rm -rf "$RENDERED" && mkdir -p "$TOOLS/bin" "$RENDERED"
tool helm helm.sh/helm/v3/cmd/helm@v3.22.0
tool kubeconform github.com/yannh/kubeconform/cmd/kubeconform@v0.8.0
schemas

helm lint --strict --quiet "$CHART"
for values in "$CHART"/values.yaml "$CHART"/examples/*.yaml; do
  helm lint --strict --quiet "$CHART" -f "$values"
  render -f "$values" >"$RENDERED/$(basename "$values")"
done
render --set-file config=config/example.yaml --set replicas=3 --set networkPolicy.enabled=true \
  --set 'networkPolicy.egress[0].ports[0].port=443' --set 'env[0].name=HTTPS_PROXY,env[0].value=http://proxy:3128' \
  --set 'resources.limits.memory=2Gi' --set 'imagePullSecrets[0].name=registry' --set terminationGracePeriodSeconds=31 \
  >"$RENDERED/set.yaml"

"$TOOLS/bin/kubeconform" -strict -summary -schema-location "$SCHEMAS/{{.ResourceKind}}{{.KindSuffix}}.json" "$RENDERED"
# What the schemas are good for: a misspelt key is found.
if sed 's/podManagementPolicy/podManagmentPolicy/' "$RENDERED/values.yaml" |
  "$TOOLS/bin/kubeconform" -strict -schema-location "$SCHEMAS/{{.ResourceKind}}{{.KindSuffix}}.json" - >/dev/null; then
  fail 'the schemas let a misspelt key pass'
fi

refused 'autoscaling.topicPartitions' --set autoscaling.enabled=true
refused 'ask for user name and password' -f "$CHART/examples/scram-keda.yaml" --set autoscaling.authentication=null
refused 'not above config: shutdown' --set terminationGracePeriodSeconds=30
refused 'config: memory is "plenty"' --set-file config=<(config_with 'memory: plenty')
refused 'config: http is null' --set-file config=<(config_with 'http: null')
refused 'config: name is missing' --set-string 'config=kafka: {}'
refused 'config is no YAML' --set-string 'config=a: b: c'
refused 'additional properties' --set replica=3
say 'the chart is in order'
