# SPDX-License-Identifier: GPL-2.0
# Installing and taking away again.

PREFIX	?= /usr/local
DESTDIR	?=
SBINDIR	:= $(DESTDIR)$(PREFIX)/sbin
MANDIR	:= $(DESTDIR)$(PREFIX)/share/man
COMPDIR	:= $(DESTDIR)$(PREFIX)/share/bash-completion/completions
# <linux/deltalog.h>: what programs include to use /dev/deltalog-control.
INCDIR	:= $(DESTDIR)$(PREFIX)/include/linux

# Where systemd looks, whether PREFIX is /usr or /usr/local.
UNITDIR	:= $(DESTDIR)$(PREFIX)/lib/systemd/system

# By section: Documentation/man/deltalog.8 is for man8.
MAN_PAGES := $(wildcard Documentation/man/*.[1-8])
COMPLETIONS := $(wildcard tools/completion/*)
UAPI_HEADERS := $(wildcard kmod/uapi/*.h)
UNITS	:= $(wildcard tools/systemd/*)

.PHONY: install install-tool install-units install-module \
	uninstall uninstall-tool uninstall-units uninstall-module
## make install         the tool, man pages, completion, the header of its ioctls,
##                      units for systemd; the module through DKMS
##                      (PREFIX=/usr/local, DESTDIR=: for packages, KDIR=)
install: deps
	@$(MAKE) --no-print-directory install-tool install-units install-module

install-tool: tools
	@install -D -m 755 '$(BUILD)/tools/deltalog' '$(SBINDIR)/deltalog'
	@for page in $(MAN_PAGES); do \
		install -D -m 644 "$$page" \
			"$(MANDIR)/man$${page##*.}/$${page##*/}" || exit; \
	done
	@for file in $(COMPLETIONS); do \
		install -D -m 644 "$$file" "$(COMPDIR)/$${file##*/}" || exit; \
	done
	@for file in $(UAPI_HEADERS); do \
		install -D -m 644 "$$file" "$(INCDIR)/$${file##*/}" || exit; \
	done

# None is enabled: which volumes there are is for the administrator to say.
install-units:
	@install -d -m 755 '$(UNITDIR)'
	@for file in $(UNITS); do \
		sed 's|@SBINDIR@|$(PREFIX)/sbin|' "$$file" \
			>"$(UNITDIR)/$${file##*/}" && \
		chmod 644 "$(UNITDIR)/$${file##*/}" || exit; \
	done

install-module:
	@DESTDIR='$(DESTDIR)' scripts/dkms/dkms.sh install '$(VERSION)' $(KDIR)

## make uninstall       take away what install put there
uninstall: uninstall-tool uninstall-units uninstall-module

uninstall-tool:
	@rm -f '$(SBINDIR)/deltalog' \
		$(foreach p,$(MAN_PAGES),'$(MANDIR)/man$(patsubst .%,%,$(suffix $(p)))/$(notdir $(p))') \
		$(foreach f,$(COMPLETIONS),'$(COMPDIR)/$(notdir $(f))') \
		$(foreach f,$(UAPI_HEADERS),'$(INCDIR)/$(notdir $(f))')
	@# Those that a fresh system has not got, if nobody else uses them.
	@for dir in '$(COMPDIR)' '$(dir $(COMPDIR))' '$(MANDIR)/man8' \
		'$(INCDIR)'; do \
		[ ! -d "$$dir" ] || rmdir --ignore-fail-on-non-empty "$$dir"; \
	done

uninstall-units:
	@rm -f $(foreach f,$(UNITS),'$(UNITDIR)/$(notdir $(f))')
	@for dir in '$(UNITDIR)' '$(dir $(UNITDIR))'; do \
		[ ! -d "$$dir" ] || rmdir --ignore-fail-on-non-empty "$$dir"; \
	done

uninstall-module:
	@DESTDIR='$(DESTDIR)' scripts/dkms/dkms.sh remove '$(VERSION)'
