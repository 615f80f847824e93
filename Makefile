# Thin names for `setup/run.py`; options go in ARGS: make test ARGS="--series 19.0"

PYTHON ?= python3
RUN = $(PYTHON) setup/run.py

.DEFAULT_GOAL := help
.PHONY: help demo test lint bench soak screenshots env clean distclean

help: ## say what there is
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1 - \2/p' Makefile

demo: ## start Odoo with demonstration data and partners; Ctrl-C stops
	@$(RUN) demo $(ARGS)

test: ## every check and test, on every Odoo series available
	@$(RUN) test $(ARGS)

lint: ## the checks that need no Odoo
	@$(RUN) lint $(ARGS)

bench: ## the benchmarks
	@$(RUN) bench $(ARGS)

soak: ## the endurance test
	@$(RUN) soak $(ARGS)

screenshots: ## make the documentation's pictures
	@$(RUN) screenshots $(ARGS)

env: ## prepare everything and print how to use it
	@$(RUN) env $(ARGS)

clean: ## undo what demonstration and tests of this checkout left
	@$(RUN) clean $(ARGS)

distclean: ## clean, and delete the cache that all checkouts share
	@$(RUN) distclean $(ARGS)
