# Everything sets up what it needs: Python tools in .venv, crates by cargo.
PYTHON := .venv/bin/python
VENV := .venv/.installed

.PHONY: help demo test check unit templates e2e storm failures local requirements clean
help: ## List the targets.
	@grep -E '^[a-z0-9]+:.*##' Makefile | sed -E 's/:.*## /\t/'

demo: $(VENV) ## The life of a stack with six providers, on an emulated AWS.
	@$(PYTHON) tools/demo.py

test: check unit templates e2e ## Every check there is.

check: ## Format, clippy and rustdoc, warnings denied.
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked

unit: ## Unit tests, properties, the executable under a Runtime API with every fault.
	cargo test --workspace --locked

templates: $(VENV) ## sam validate --lint, and cfn-lint on the examples.
	AWS_DEFAULT_REGION=us-east-1 SAM_CLI_TELEMETRY=0 .venv/bin/sam validate --lint
	.venv/bin/cfn-lint examples/*.yaml

e2e: $(VENV) ## The function as SAM builds it, on an emulated CloudFormation; events/ through cargo lambda.
	$(PYTHON) -c 'import sys; sys.path.insert(0, "tools"); import emulator; emulator.build(print)'
	$(PYTHON) -m pytest -q tests/e2e

storm: ## 20 to 300 providers at once against Cognito's published quotas; three minutes.
	cargo build --release --locked
	cargo run --quiet --locked -p cfn-cognito-idp-support --bin storm -- target/release/cfn-cognito-idp

failures: ## Make docs/failures.md anew.
	WRITE_PAGES=1 cargo test --quiet --locked --test function operator

local: ## The user pool and the response URL that events/ need, on port 9100.
	cargo run --quiet -p cfn-cognito-idp-support --bin local

requirements: ## Pin requirements-dev.txt anew from requirements-dev.in.
	rm -rf .venv
	python3 -m venv .venv
	.venv/bin/pip install --quiet -r requirements-dev.in
	(echo '# Made by `make requirements` from requirements-dev.in.'; .venv/bin/pip freeze) > requirements-dev.txt
	touch $(VENV)

clean: ## Remove everything that the other targets make.
	rm -rf .venv .aws-sam target .pytest_cache

$(VENV): requirements-dev.txt
	python3 -m venv --clear .venv
	.venv/bin/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@
