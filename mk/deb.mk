# Debian packages: assay, assay-data, libassay0, libassay-dev, libassay-harness-dev. What `make` built is packed as it is,
# but for what knows the prefix.

DEB := $(BUILD)/deb
DEB_NEEDS := debhelper dpkg-dev lintian doxygen

.PHONY: deb
deb: ## build Debian packages under build/deb/, and let lintian judge them
	@missing=; for package in $(DEB_NEEDS); do \
	   dpkg-query -W -f '$${db:Status-Status}' $$package 2>/dev/null | grep -qx installed || missing="$$missing $$package"; \
	 done; \
	 [ -z "$$missing" ] || { echo "make deb needs: apt-get install$$missing" >&2; exit 3; }
	@grep -q '^assay ($(VERSION)) ' debian/changelog || { echo 'debian/changelog does not begin with version $(VERSION)' >&2; exit 1; }
	@for package in $$(awk '!/^#/ && NF {print $$1}' mk/packages.txt); do \
	   [ $$package = build-essential ] || grep -q "[ ,]$$package,*$$" debian/control || \
	     { echo "debian/control does not list $$package of mk/packages.txt" >&2; exit 1; }; \
	 done
	@dpkg-checkbuilddeps
	@rm -rf $(DEB) && mkdir -p $(DEB)
	@rm -f debian/debhelper-build-stamp debian/files
	@DEB_BUILD_OPTIONS=noautodbgsym DEB_FOLDER='$(abspath $(DEB))' debian/rules binary > $(DEB)/log 2>&1 || \
	  { tail -n 30 $(DEB)/log; exit 1; }
	@debian/rules clean > /dev/null 2>&1
	lintian --fail-on error $(DEB)/*.deb
	@for package in $(DEB)/*.deb; do dpkg -x $$package $(DEB)/unpacked; done
	@cd / && '$(abspath $(DEB))/unpacked/usr/bin/assay' verify --quick --no-db 'lmul/*/digits_curve' | tail -n 1 | \
	   grep -x '1 passed, 0 failed, 0 skipped' || { echo 'the packed command does not pass its checks in $(DEB)/unpacked' >&2; exit 1; }
	@rm -rf $(DEB)/unpacked
	@ls -sh $(DEB)/*.deb
