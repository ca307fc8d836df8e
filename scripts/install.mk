# SPDX-License-Identifier: GPL-2.0
# Installing and taking away again.

PREFIX	?= /usr/local
DESTDIR	?=
SBINDIR	:= $(DESTDIR)$(PREFIX)/sbin
MANDIR	:= $(DESTDIR)$(PREFIX)/share/man
COMPDIR	:= $(DESTDIR)$(PREFIX)/share/bash-completion/completions
# <linux/deltalog.h>: what programs include to use /dev/deltalog-control.
INCDIR	:= $(DESTDIR)$(PREFIX)/include/linux

# By section: Documentation/man/deltalog.8 is for man8.
MAN_PAGES := $(wildcard Documentation/man/*.[1-8])
COMPLETIONS := $(wildcard tools/completion/*)
UAPI_HEADERS := $(wildcard kmod/uapi/*.h)

.PHONY: install install-tool install-module \
	uninstall uninstall-tool uninstall-module
## make install         the tool, man pages, completion, the header of its ioctls;
##                      the module through DKMS
##                      (PREFIX=/usr/local, DESTDIR=: for packages, KDIR=)
install: deps
	@$(MAKE) --no-print-directory install-tool install-module

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

install-module:
	@DESTDIR='$(DESTDIR)' scripts/dkms/dkms.sh install '$(VERSION)' $(KDIR)

## make uninstall       take away what install put there
uninstall: uninstall-tool uninstall-module

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

uninstall-module:
	@DESTDIR='$(DESTDIR)' scripts/dkms/dkms.sh remove '$(VERSION)'
