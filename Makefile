# Targets are described by the comment behind them; `make` prints the list.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

GOLANGCI_VERSION := v2.15.0
BIN := $(CURDIR)/.tmp/bin
GOLANGCI := $(BIN)/golangci-lint-$(GOLANGCI_VERSION)
FUZZTIME ?= 60s
BENCHTIME ?= 1s

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

.PHONY: install
install: ## compile openbroker and install it in GOBIN, or in the directory bin of GOPATH
	@echo "Compiling openbroker: some minutes the first time, seconds afterwards."
	CGO_ENABLED=0 go install ./cmd/openbroker
	@directory="$$(go env GOBIN)"; directory="$${directory:-$$(go env GOPATH | cut -d: -f1)/bin}"; \
	echo "Installed $$directory/openbroker."; \
	case ":$$PATH:" in *":$$directory:"*) ;; *) echo "Your PATH lacks that directory: export PATH=\"\$$PATH:$$directory\"" ;; esac

.PHONY: check
check: lint vet-docs ## lint, documentation checks and all tests without the race detector: before a commit
	GOGC=200 go test -timeout 60m -json ./... | go run ./.ci/progress

.PHONY: test
test: tools ## all tests, with the race detector; installs or starts what they need
	@# The mutants of package conformance take a minute without the race detector and
	@# five with it; the suite itself runs under it in brokertest and cmd/openbroker.
	{ GOGC=200 CGO_ENABLED=1 go test -race -timeout 60m -json $$(go list ./... | grep -v '/conformance$$') && \
		GOGC=200 go test -timeout 60m -json ./conformance; } | go run ./.ci/progress

.PHONY: lint
lint: $(GOLANGCI) ## golangci-lint, with the import law, and go mod tidy
	go mod tidy -diff
	$(GOLANGCI) run ./...

.PHONY: fix
fix: $(GOLANGCI) ## format, and apply what the linter can fix
	go mod tidy
	$(GOLANGCI) run --fix ./...

.PHONY: fuzz
fuzz: ## every fuzz target for FUZZTIME (60s)
	@go list ./... | while read -r package; do \
		for target in $$(go test -list '^Fuzz' "$$package" | grep '^Fuzz' || true); do \
			echo "== $$package $$target"; \
			go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1s "$$package"; \
		done; \
	done

.PHONY: bench
bench: ## benchmarks, as ratios measured in one run (GOGC as in openbroker serve)
	GOGC=400 go test -run '^$$' -bench . -benchtime $(BENCHTIME) ./bench/...

.PHONY: chaos
chaos: tools ## kill, pause and cut off replicas under load, then compare store and ledger
	go run ./chaos

.PHONY: vet-docs
vet-docs: ## check that the documentation names what exists
	go test -run '^TestDocs' ./docs/...

.PHONY: tools
tools:
	@.ci/tools

$(GOLANGCI):
	@mkdir -p $(BIN)
	GOBIN=$(BIN) GOFLAGS= go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)
	mv $(BIN)/golangci-lint $@
