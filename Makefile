# Everything sets up what it needs: Python tools in .venv, crates by cargo.
PYTHON := .venv/bin/python
VENV := .venv/.installed
CARGO_FUZZ := .tools/bin/cargo-fuzz
CARGO_FUZZ_VERSION := 0.13.2
BENCH_ROUNDS ?= 25
# For each target of `make fuzz`.
FUZZ_SECONDS ?= 60
# Twice what an answer may have, so that there is something to cut.
FUZZ_BYTES := 8192
# Sanitizers look for what unsafe code does, and this crate forbids it. They would cost half the
# speed and another compilation.
FUZZ_FLAGS ?= --sanitizer none

.PHONY: help demo test check unit templates e2e fuzz mutants storm bench failures schema emulator local requirements clean
help: ## List the targets.
	@grep -E '^[a-z0-9]+:.*##' Makefile | sed -E 's/:.*## /\t/'

demo: $(VENV) ## The lives of stacks with providers of all types, on an emulated AWS.
	@$(PYTHON) tools/demo.py

test: check unit templates e2e ## Every check there is.

check: ## Format, clippy and rustdoc, warnings denied.
	cargo fmt --all --check
	cargo fmt --manifest-path fuzz/Cargo.toml --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked

unit: ## Unit tests, properties, the executable under a Runtime API with every fault.
	cargo test --workspace --locked

templates: $(VENV) ## sam validate --lint; cfn-lint and the check on the examples.
	AWS_DEFAULT_REGION=us-east-1 SAM_CLI_TELEMETRY=0 .venv/bin/sam validate --lint
	.venv/bin/cfn-lint --append-rules schema/cfn-lint -- examples/*.yaml
	cargo run --quiet --locked -p cfn-cognito-idp-check -- examples/*.yaml

e2e: $(VENV) ## The function as SAM builds it, on an emulated CloudFormation; events/ through cargo lambda.
	$(PYTHON) -c 'import sys; sys.path.insert(0, "tools"); import emulator; emulator.build(print)'
	$(PYTHON) -m pytest -q tests/e2e

fuzz: $(CARGO_FUZZ) ## Any bytes into the handler and its parsers, FUZZ_SECONDS a target; needs a nightly toolchain.
	@cargo +nightly --version >/dev/null 2>&1 || { \
	echo 'make fuzz needs a nightly toolchain: rustup toolchain install nightly --profile minimal' >&2; exit 1; }
	@# Without its entries, the lock file would be changed in passing.
	cargo metadata --locked --format-version 1 --manifest-path fuzz/Cargo.toml >/dev/null
	for target in event text metadata; do \
	case $$target in metadata) seeds=tests/metadata/*.xml ;; *) seeds=events/*.json ;; esac; \
	mkdir -p fuzz/corpus/$$target && cp $$seeds fuzz/corpus/$$target && \
	PATH="$(CURDIR)/.tools/bin:$$PATH" cargo +nightly fuzz run $(FUZZ_FLAGS) $$target -- \
	-max_total_time=$(FUZZ_SECONDS) -timeout=10 -max_len=$(FUZZ_BYTES) -dict=fuzz/event.dict \
	-verbosity=0 -print_final_stats=1 || exit; done

mutants: ## Each mechanism switched off, and its tests seen to fail; ten minutes.
	python3 tools/mutants.py

storm: ## 20 to 300 providers at once against Cognito's published quotas, and rollbacks; four minutes.
	cargo build --release --locked
	cargo run --quiet --locked -p cfn-cognito-idp-support --bin storm -- target/release/cfn-cognito-idp

bench: ## The function beside an empty one, cold: times, ratios, goals; BENCH_OUT names .json and .svg files.
	cargo build --release --locked
	cargo build --release --locked -p cfn-cognito-idp-bench
	target/release/cfn-cognito-idp-bench target/release/cfn-cognito-idp target/release/empty $(BENCH_ROUNDS) $(BENCH_OUT)

failures: ## Make docs/failures.md anew.
	WRITE_PAGES=1 cargo test --quiet --locked --test function operator

schema: ## Make schema/cognito-identity-provider.json anew.
	WRITE_PAGES=1 cargo test --quiet --locked -p cfn-cognito-idp-check --test schema up_to_date

emulator: $(VENV) ## An emulated AWS with the function deployed, to try stacks on until Ctrl-C.
	@$(PYTHON) tools/try_stacks.py

local: ## The user pool and the response URL that events/ need, on port 9100.
	cargo run --quiet -p cfn-cognito-idp-support --bin local

requirements: ## Pin requirements-dev.txt anew from requirements-dev.in.
	rm -rf .venv
	python3 -m venv .venv
	.venv/bin/pip install --quiet -r requirements-dev.in
	(echo '# Made by `make requirements` from requirements-dev.in.'; .venv/bin/pip freeze) > requirements-dev.txt
	touch $(VENV)

clean: ## Remove everything that the other targets make.
	rm -rf .venv .aws-sam target .pytest_cache .tools fuzz/target fuzz/corpus fuzz/artifacts

$(CARGO_FUZZ):
	cargo install --quiet --locked --root .tools cargo-fuzz --version $(CARGO_FUZZ_VERSION)

$(VENV): requirements-dev.txt
	python3 -m venv --clear .venv
	.venv/bin/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@
