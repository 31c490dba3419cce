# Two commands on a fresh machine: `make demo` shows the service at work, `make test` runs all tests.
.PHONY: help setup build demo test lint bench soak
.DEFAULT_GOAL := help

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 10

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

bench: build ## rows per second and CPU of the whole route, beside bare consumers
	@scripts/setup.sh --tests
	@npm run --silent build:harness
	@node .cache/harness/test/bench/route.js $(ARGS)

soak: build ## the long runs: the route tests with a million records
	@scripts/setup.sh --tests
	@ROUTE_RECORDS=1000000 npx --no-install vitest run --project kafka test/route $(ARGS)
