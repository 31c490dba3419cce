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

bench: build ## rows per second and CPU of the whole route, beside two bare consumers
	@scripts/setup.sh --tests
	@npm run --silent build:harness
	@node test/bench/route.mjs $(ARGS)

soak: build ## the long runs
	@scripts/setup.sh --tests
	@npm run --silent build:harness
	@for file in test/soak/*.mjs; do echo "== $$file"; node $$file $(ARGS) || exit 1; done
