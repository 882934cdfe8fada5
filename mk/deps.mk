# Packages: `make deps` installs those of mk/packages.txt that are missing, `make deps PACKAGES=ci` those of
# mk/packages-ci.txt too. Nothing is asked of the network if nothing is missing.

PACKAGES ?=
PACKAGE_LISTS = mk/packages.txt $(if $(PACKAGES),mk/packages-$(PACKAGES).txt)

.PHONY: deps
deps: ## install the Debian packages that are missing (PACKAGES=ci: those of the continuous integration too)
	@set -e; \
	 for list in $(PACKAGE_LISTS); do [ -r $$list ] || { echo "there is no list $$list" >&2; exit 2; }; done; \
	 command -v dpkg-query >/dev/null || { echo 'deps: this is no Debian; install the equivalents of $(PACKAGE_LISTS)'; exit 0; }; \
	 wanted=$$(awk '!/^#/ && NF {print $$1}' $(PACKAGE_LISTS)); \
	 present=" $$(dpkg-query -W -f '$${Package}=$${db:Status-Status} ' $$wanted 2>/dev/null || true) "; \
	 missing=; for package in $$wanted; do \
	   case $$present in *" $$package=installed "*) ;; *) missing="$$missing $$package";; esac; \
	 done; \
	 [ -n "$$missing" ] || exit 0; \
	 install="apt-get install -y --no-install-recommends$$missing"; \
	 echo "deps: missing are$$missing"; \
	 if [ "$$(id -u)" = 0 ]; then become=; \
	 elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then become=sudo; \
	 else echo "deps: packages are missing and this is not root; run: sudo $$install" >&2; exit 3; fi; \
	 export DEBIAN_FRONTEND=noninteractive; \
	 $$become $$install || { $$become apt-get update && $$become $$install; } || \
	   { echo "deps: could not install; run: $${become:+$$become }$$install" >&2; exit 3; }
