# Two commands on a fresh machine: `make demo` shows the service at work, `make test` runs all tests.
.PHONY: help setup build demo test lint bench chaos fuzz soak soak-route soak-steady test-node24
.DEFAULT_GOAL := help

help: ## list the targets
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1\t/p' Makefile | expand -t 14

setup: ## install what the service needs (a second call takes a second)
	@scripts/setup.sh

build: setup ## compile to dist/; then `npx maxsink --help`
	@npm run --silent build

demo: build ## the whole route on this machine, in a minute; ARGS="--seconds 5"
	@node dist/cli.js demo $(ARGS)

test: build ## all tests, with a real Kafka and a real schema registry; ARGS=test/config
	@scripts/setup.sh --tests
	@npx --no-install vitest run $(ARGS)

lint: setup ## format, lint, types, dead code
	@npm run --silent lint
	@npm run --silent types
	@npm run --silent dead

.PHONY: image-test deploy-test
image-test: deploy-test ## build the images and run them: size, rights, a pipeline, the stack of deploy/compose.yaml
	@scripts/image-test.sh $(ARGS)

deploy-test: setup ## the Helm chart against real schemas: helm and kubeconform, by Go
	@scripts/deploy-test.sh

bench: build ## rows per second and CPU of the whole route, beside bare consumers
	@scripts/setup.sh --tests
	@npm run --silent build:harness
	@node .cache/harness/test/bench/route.js $(ARGS)

chaos: build ## kill, freeze and cut off members at every step, then count; CHAOS_SECONDS=600 for random ones; ARGS="--only frozen"
	@scripts/setup.sh --tests
	@npm run --silent build:harness
	@node .cache/harness/test/chaos/matrix.js $(ARGS)

soak: ## the long runs, 2.5 hours: the two below, one after the other; ARGS goes to the second
	@$(MAKE) --no-print-directory soak-route ARGS=
	@$(MAKE) --no-print-directory soak-steady ARGS="$(ARGS)"

soak-route: build ## the route tests with a million records, and outages of two minutes; ARGS=test/route/json
	@scripts/setup.sh --tests
	@ROUTE_RECORDS=1000000 ROUTE_OUTAGE_SECONDS=120 ROUTE_RECORD_MB=220 \
	  npx --no-install vitest run --project kafka --project kafka-alone $(or $(ARGS),test/route)

soak-steady: build ## steady load with a fault every minute; ARGS="--minutes 120 --rate 500 --members 2"
	@scripts/setup.sh --tests
	@npm run --silent build:harness
	@node .cache/harness/test/soak/steady.js $(ARGS)

.PHONY: ledger-long
ledger-long: setup ## 100,000 histories of dying members against the ledger, and how often each fault was met; HISTORIES=500000 SEED=7
	@HISTORIES=$(or $(HISTORIES),100000) SEED=$(or $(SEED),$(shell date +%s)) npx --no-install vitest run test/ledger/model

fuzz: build ## a million mutated records over all formats: no crash, no hang, every record a row or a dead letter; RECORDS=100000 SEED=7
	@npm run --silent build:harness
	@node .cache/harness/test/fuzz/main.js

test-node24: setup ## unit tests, a Kafka route and the demo on Node 24; ARGS="unit kafka demo"
	@scripts/node-next.sh $(ARGS)
