# The fault injection campaign (tools/campaign): about an hour of processor time, kept in build/campaign; what was
# interrupted goes on.
CAMPAIGN_JOBS ?= $(shell nproc)

.PHONY: campaign
campaign: ## plant faults in the optimized code, see whether verify --quick catches them, write docs/campaign.md
	python3 tools/campaign --folder $(BUILD)/campaign --jobs $(CAMPAIGN_JOBS) $(CAMPAIGN_OPTIONS)
