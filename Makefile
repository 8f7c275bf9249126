# bailey. `make help` lists what there is.
PREFIX     ?= /usr/local
SYSCONFDIR ?= /etc
DESTDIR    ?=
BUILD      ?= build
CC         ?= cc
VERSION    := 0.1.0

PKG_CONFIG ?= pkg-config
# What every launch needs is linked as cheaply as possible: `auto` makes a static-pie program where the static archives are
# there, else a dynamic one.  Libraries that only some launches need live in helper programs (bailey-filter: libseccomp;
# bailey-unpack: libarchive; bailey-net: libnl).
LINK       ?= auto

WARN    = -Wall -Wextra -Werror -Wconversion -Wsign-conversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla \
          -Wformat=2 -Wnull-dereference -Wpointer-arith -Wwrite-strings -Wundef
HARDEN  = -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fno-strict-aliasing
OPT    ?= -O2 -g
CPPFLAGS_ALL = -D_GNU_SOURCE -Isrc -I$(BUILD) -DBAILEY_VERSION='"$(VERSION)"' -DBAILEY_PREFIX='"$(PREFIX)"' \
               -DBAILEY_SYSCONFDIR='"$(SYSCONFDIR)"' $(CPPFLAGS)
# A build for tests of what is left behind by a launch that is killed at any of its steps: src/launch/fault.h.
ifeq ($(FAULT),yes)
CPPFLAGS_ALL += -DBAILEY_FAULT
endif
CFLAGS_ALL   = -std=gnu11 $(OPT) $(WARN) $(HARDEN) -fPIE $(CFLAGS)
LDFLAGS_ALL  = -Wl,-z,relro,-z,now,-z,noexecstack,--as-needed,--gc-sections $(LDFLAGS)

MAIN_LIBS   = libconfig libcap
HELPER_LIBS = libseccomp
SCOPE_LIBS  = libsystemd
UNPACK_LIBS = libarchive
NET_LIBS    = libnl-route-3.0 libnl-3.0

LAYERS  = base schema conf host resolver plan mount landlock seccomp cgroup state network launch background changes image desktop cli
SRC     = $(sort $(foreach l,$(LAYERS),$(wildcard src/$(l)/*.c)))
OBJ     = $(SRC:%.c=$(BUILD)/obj/%.o)
LIB_OBJ = $(filter-out $(BUILD)/obj/src/cli/main.o,$(OBJ))
FILTER_SRC = $(wildcard src/seccomp/helper/*.c)
FILTER_OBJ = $(FILTER_SRC:%.c=$(BUILD)/obj/%.o)
SCOPE_SRC  = $(wildcard src/cgroup/helper/*.c)
SCOPE_OBJ  = $(SCOPE_SRC:%.c=$(BUILD)/obj/%.o)
UNPACK_SRC = $(wildcard src/image/helper/*.c)
UNPACK_OBJ = $(UNPACK_SRC:%.c=$(BUILD)/obj/%.o)
NET_SRC    = $(wildcard src/network/helper/*.c)
NET_OBJ    = $(NET_SRC:%.c=$(BUILD)/obj/%.o)
RESOLVER_SRC = $(wildcard src/resolver/helper/*.c)
RESOLVER_OBJ = $(RESOLVER_SRC:%.c=$(BUILD)/obj/%.o)
TLS_SRC    = $(wildcard src/resolver/tls/*.c)
TLS_OBJ    = $(TLS_SRC:%.c=$(BUILD)/obj/%.o)
NETD_SRC   = $(wildcard src/network/netd/*.c) $(addprefix src/network/helper/,leases.c link.c port.c rules.c shared.c spec.c state.c)
NETD_OBJ   = $(NETD_SRC:%.c=$(BUILD)/obj/%.o)
OPEN_SRC   = $(wildcard src/open/helper/*.c)
OPEN_OBJ   = $(OPEN_SRC:%.c=$(BUILD)/obj/%.o)
UNIT_SRC   = $(wildcard tests/unit/test_*.c)
UNIT       = $(UNIT_SRC:tests/unit/%.c=$(BUILD)/tests/%)

# bailey-scope is for systemd's machines alone; without the development files of libsystemd all else is built.
SCOPE      := $(if $(shell $(PKG_CONFIG) --exists $(SCOPE_LIBS) && echo yes),bailey-scope)
# The same goes for bailey-unpack, without which root file systems are directories only.
UNPACK     := $(if $(shell $(PKG_CONFIG) --exists $(UNPACK_LIBS) && echo yes),bailey-unpack)
# And for bailey-net and bailey-netd, without which there are no bridges.
NET        := $(if $(shell $(PKG_CONFIG) --exists $(NET_LIBS) && echo yes),bailey-net bailey-netd)

all: $(BUILD)/bailey $(BUILD)/bailey-filter $(BUILD)/bailey-resolver $(BUILD)/bailey-tls $(BUILD)/bailey-open $(if $(SCOPE),$(BUILD)/bailey-scope,no-scope) \
	$(if $(UNPACK),$(BUILD)/bailey-unpack,no-unpack) $(if $(NET),$(addprefix $(BUILD)/,$(NET)),no-net)

no-scope:
	@echo 'left out: bailey-scope, which asks systemd for control groups (it needs libsystemd-dev; Fedora: systemd-devel)'

no-unpack:
	@echo 'left out: bailey-unpack, which unpacks tar archives (it needs libarchive-dev; Fedora: libarchive-devel)'

no-net:
	@echo 'left out: bailey-net, which connects sandboxes to bridges (it needs libnl-route-3-dev; Fedora: libnl3-devel)'

help:
	@echo 'make            build bailey into $(BUILD)/ (it runs from there)'
	@echo 'make try        install what the build needs, build, and show a program in a sandbox'
	@echo 'make check      install what the tests need, build, run all tests'
	@echo 'make unit       the unit and golden tests alone; tests/all system: the system tests alone'
	@echo 'make check-vm   the tests that want systemd and cgroup v2, in a virtual machine (Debian, QEMU)'
	@echo 'make check-programs  the shipped profiles with the large programs they are for, some 6 GB of packages'
	@echo 'make install    into PREFIX=$(PREFIX), DESTDIR respected; make uninstall'
	@echo 'make lint       formatting, layers, file sizes, clang-tidy, cppcheck, shellcheck, manual pages'
	@echo 'make bench      launch time and memory beside a raw floor, bubblewrap and firejail'
	@echo 'make asan       the tests with AddressSanitizer and UndefinedBehaviorSanitizer'
	@echo 'make screenshots  the pictures in man/pictures/'
	@echo 'make fuzz       FUZZTIME=60 seconds of libFuzzer over files, merge and plan, and as many each over names, greetings, menu entries and Wayland'

$(BUILD)/obj/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS_ALL) $(shell $(PKG_CONFIG) --cflags $(MAIN_LIBS) $(HELPER_LIBS) $(if $(UNPACK),$(UNPACK_LIBS)) $(if $(NET),$(NET_LIBS))) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

$(BUILD)/libbailey.a: $(LIB_OBJ)
	@rm -f $@
	ar qcs $@ $(LIB_OBJ)

PROBE      = $(CC) -static-pie -fPIE
PROBE_LIBS = $$($(PKG_CONFIG) --static --libs $(MAIN_LIBS))

# "-static-pie" when a program with the libraries links that way, else "-pie".  With the first, relocations are packed where linker
# and C library know how: 100 KiB less to map and read at each start.
$(BUILD)/link-mode: Makefile
	@mkdir -p $(@D)
	@mode='$(LINK)'; \
	printf '#include <libconfig.h>\n#include <sys/capability.h>\nint main(void){config_t c;config_init(&c);return cap_max_bits()==0;}\n' > $(BUILD)/probe.c; \
	if [ "$$mode" = auto ]; then \
		mode=dynamic; \
		if $(PROBE) -o $(BUILD)/probe $(BUILD)/probe.c $(PROBE_LIBS) 2>/dev/null && $(BUILD)/probe; then mode=static; fi; \
	fi; \
	case $$mode in \
	static) \
		packed=-Wl,-z,pack-relative-relocs; \
		$(PROBE) $$packed -o $(BUILD)/probe $(BUILD)/probe.c $(PROBE_LIBS) 2>/dev/null && $(BUILD)/probe 2>/dev/null || packed=; \
		echo "-static-pie $$packed" ;; \
	dynamic) echo '-pie' ;; \
	*) echo "LINK must be auto, static or dynamic" >&2; exit 1 ;; \
	esac > $@; \
	rm -f $(BUILD)/probe $(BUILD)/probe.c

# The static program's copy of libconfig has its memory from src/conf/heap.c; the dynamic one's archive is empty.
$(BUILD)/libconfig.a: $(BUILD)/link-mode
	@rm -f $@
	if grep -q static $<; then \
		objcopy --redefine-sym __strdup=strdup "$$($(CC) -print-file-name=libconfig.a)" $@ && \
		objcopy $(foreach f,malloc calloc realloc strdup free,--redefine-sym $(f)=heap_$(f)) $@; \
	else ar qc $@; fi

$(BUILD)/bailey: $(BUILD)/obj/src/cli/main.o $(BUILD)/libbailey.a $(BUILD)/libconfig.a $(BUILD)/link-mode
	$(CC) $(CFLAGS_ALL) $$(cat $(BUILD)/link-mode) $(LDFLAGS_ALL) -o $@ $(BUILD)/obj/src/cli/main.o \
		-Wl,--start-group $(BUILD)/libbailey.a $(BUILD)/libconfig.a -Wl,--end-group $$($(PKG_CONFIG) --libs $(MAIN_LIBS))

$(BUILD)/bailey-filter: $(FILTER_OBJ) $(BUILD)/libbailey.a
	$(CC) $(CFLAGS_ALL) -pie $(LDFLAGS_ALL) -o $@ $(FILTER_OBJ) $(BUILD)/libbailey.a $$($(PKG_CONFIG) --libs $(HELPER_LIBS))

# It runs in sandboxes too, whatever C library is in there.
$(BUILD)/bailey-open: $(OPEN_OBJ) $(BUILD)/libbailey.a $(BUILD)/link-mode
	$(CC) $(CFLAGS_ALL) $$(cat $(BUILD)/link-mode) $(LDFLAGS_ALL) -o $@ $(OPEN_OBJ) $(BUILD)/libbailey.a

$(BUILD)/bailey-scope: $(SCOPE_OBJ) $(BUILD)/libbailey.a
	$(CC) $(CFLAGS_ALL) -pie $(LDFLAGS_ALL) -o $@ $(SCOPE_OBJ) $(BUILD)/libbailey.a $$($(PKG_CONFIG) --libs $(SCOPE_LIBS))

$(BUILD)/bailey-unpack: $(UNPACK_OBJ) $(BUILD)/libbailey.a
	$(CC) $(CFLAGS_ALL) -pie $(LDFLAGS_ALL) -o $@ $(UNPACK_OBJ) $(BUILD)/libbailey.a $$($(PKG_CONFIG) --libs $(UNPACK_LIBS))

$(BUILD)/bailey-net: $(NET_OBJ) $(BUILD)/libbailey.a
	$(CC) $(CFLAGS_ALL) -pie $(LDFLAGS_ALL) -o $@ $(NET_OBJ) $(BUILD)/libbailey.a $$($(PKG_CONFIG) --libs $(NET_LIBS))

$(BUILD)/bailey-resolver: $(RESOLVER_OBJ) $(BUILD)/libbailey.a
	$(CC) $(CFLAGS_ALL) -pie $(LDFLAGS_ALL) -o $@ $(RESOLVER_OBJ) $(BUILD)/libbailey.a

$(BUILD)/bailey-tls: $(TLS_OBJ) $(BUILD)/libbailey.a
	$(CC) $(CFLAGS_ALL) -pie $(LDFLAGS_ALL) -o $@ $(TLS_OBJ) $(BUILD)/libbailey.a

$(BUILD)/bailey-netd: $(NETD_OBJ) $(BUILD)/libbailey.a
	$(CC) $(CFLAGS_ALL) -pie $(LDFLAGS_ALL) -o $@ $(NETD_OBJ) $(BUILD)/libbailey.a $$($(PKG_CONFIG) --libs $(NET_LIBS) $(MAIN_LIBS))

$(BUILD)/tests/%: tests/unit/%.c $(BUILD)/libbailey.a tests/lib/tap.h
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS_ALL) -Itests/lib $(CFLAGS_ALL) -MMD -MP -pie $(LDFLAGS_ALL) -o $@ $< $(BUILD)/libbailey.a \
		$$($(PKG_CONFIG) --libs $(MAIN_LIBS) $(HELPER_LIBS))

# The manual: written by hand, with the parts that the tables know put in by the program itself.
MAN = $(patsubst man/%.in,$(BUILD)/man/%,$(wildcard man/*.in))

man: $(MAN)

$(BUILD)/man/%: man/%.in $(BUILD)/bailey
	@mkdir -p $(@D)
	$(BUILD)/bailey schema --mdoc-options > $@.options
	$(BUILD)/bailey schema --mdoc > $@.settings
	sed -e '/^@OPTIONS@$$/{r $@.options' -e 'd}' -e '/^@SETTINGS@$$/{r $@.settings' -e 'd}' \
		-e 's|@PREFIX@|$(PREFIX)|g' -e 's|@SYSCONFDIR@|$(SYSCONFDIR)|g' $< > $@
	@rm -f $@.options $@.settings

unit: $(UNIT) $(BUILD)/bailey $(BUILD)/bailey-filter
	BAILEY=$(BUILD)/bailey tests/run $(UNIT) tests/golden/run-*.sh

BENCH = $(BUILD)/bench/floor $(BUILD)/bench/drive

$(BUILD)/bench/floor: tests/bench/floor.c
	@mkdir -p $(@D)
	$(CC) -D_GNU_SOURCE -std=gnu11 -O2 $(WARN) -static -o $@ $<

$(BUILD)/bench/drive: tests/bench/drive.c
	@mkdir -p $(@D)
	$(CC) -D_GNU_SOURCE -std=gnu11 -O2 $(WARN) -o $@ $<

programs: all $(UNIT)

deps-build:
	tests/deps.sh build

deps-check:
	tests/deps.sh build check

# What needs packages first calls make again, so that nothing is looked up before they are there.
try: deps-build
	$(MAKE) all
	BUILD=$(BUILD) tests/try

check: deps-check
	$(MAKE) programs man
	$(MAKE) BUILD=$(BUILD)-fault FAULT=yes all
	BUILD=$(BUILD) tests/all

check-programs:
	tests/deps.sh build check programs library
	$(MAKE) programs
	BUILD=$(BUILD) tests/all library

check-vm:
	tests/deps.sh build vm
	$(MAKE) all
	BUILD=$(BUILD) tests/vm/run

bench:
	tests/deps.sh build bench
	$(MAKE) all $(BENCH)
	BUILD=$(BUILD) tests/bench/run
	@if [ "$$(id -u)" -eq 0 ]; then BUILD=$(BUILD) tests/bench/throughput; \
	else echo "TCP throughput on a bridge is not measured: only root can make one"; fi

lint:
	tests/deps.sh build lint
	$(MAKE) all man
	BUILD=$(BUILD) tests/lint/run

screenshots:
	tests/deps.sh build screenshots
	$(MAKE) all
	BUILD=$(BUILD) tests/screenshots man/pictures

SANITIZE = -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

# Unit and golden tests, and those system tests that start no sandbox: the child of a launch runs below a filter and without
# /proc and the libraries, where the sanitizers' own calls cannot work.
asan:
	tests/deps.sh build check
	$(MAKE) BUILD=$(BUILD)-asan LINK=dynamic OPT="-O1 -g" WARN="-Wall -Wextra" HARDEN= CFLAGS="$(SANITIZE) $(CFLAGS)" programs
	BUILD=$(BUILD)-asan ASAN_OPTIONS=detect_leaks=0 tests/all unit messages

FUZZTIME ?= 60
FUZZ_BUILD = $(BUILD)-fuzz

$(FUZZ_BUILD)/fuzz_conf: tests/fuzz/fuzz_conf.c $(FUZZ_BUILD)/libbailey.a
	clang $(CPPFLAGS_ALL) -std=gnu11 -O1 -g $(SANITIZE) -fsanitize=fuzzer -o $@ $< $(FUZZ_BUILD)/libbailey.a \
		$$($(PKG_CONFIG) --libs $(MAIN_LIBS))

$(FUZZ_BUILD)/fuzz_dns: tests/fuzz/fuzz_dns.c $(FUZZ_BUILD)/libbailey.a
	clang $(CPPFLAGS_ALL) -std=gnu11 -O1 -g $(SANITIZE) -fsanitize=fuzzer -o $@ $< $(FUZZ_BUILD)/libbailey.a

$(FUZZ_BUILD)/fuzz_desktop: tests/fuzz/fuzz_desktop.c $(FUZZ_BUILD)/libbailey.a
	clang $(CPPFLAGS_ALL) -std=gnu11 -O1 -g $(SANITIZE) -fsanitize=fuzzer -o $@ $< $(FUZZ_BUILD)/libbailey.a

$(FUZZ_BUILD)/fuzz_tls: tests/fuzz/fuzz_tls.c $(FUZZ_BUILD)/libbailey.a
	clang $(CPPFLAGS_ALL) -std=gnu11 -O1 -g $(SANITIZE) -fsanitize=fuzzer -o $@ $< $(FUZZ_BUILD)/libbailey.a

$(FUZZ_BUILD)/fuzz_wayland: tests/fuzz/fuzz_wayland.c $(FUZZ_BUILD)/libbailey.a
	clang $(CPPFLAGS_ALL) -std=gnu11 -O1 -g $(SANITIZE) -fsanitize=fuzzer -o $@ $< $(FUZZ_BUILD)/libbailey.a

fuzz:
	tests/deps.sh build fuzz
	$(MAKE) $(BUILD)/bailey
	$(MAKE) BUILD=$(FUZZ_BUILD) CC=clang OPT="-O1 -g" WARN="-Wall -Wextra" HARDEN= CFLAGS="$(SANITIZE) -fsanitize=fuzzer-no-link" \
		$(FUZZ_BUILD)/libbailey.a
	$(MAKE) $(FUZZ_BUILD)/fuzz_conf $(FUZZ_BUILD)/fuzz_dns $(FUZZ_BUILD)/fuzz_tls $(FUZZ_BUILD)/fuzz_desktop $(FUZZ_BUILD)/fuzz_wayland
	BUILD=$(BUILD) tests/fuzz/run $(FUZZ_BUILD)/fuzz_conf $(FUZZTIME)
	tests/fuzz/run-dns $(FUZZ_BUILD)/fuzz_dns $(FUZZTIME)
	tests/fuzz/run-tls $(FUZZ_BUILD)/fuzz_tls $(FUZZTIME)
	tests/fuzz/run-desktop $(FUZZ_BUILD)/fuzz_desktop $(FUZZTIME)
	tests/fuzz/run-wayland $(FUZZ_BUILD)/fuzz_wayland $(FUZZTIME)

BINDIR     ?= $(PREFIX)/bin
LIBEXECDIR ?= $(PREFIX)/libexec/bailey
SHAREDIR   ?= $(PREFIX)/share/bailey
MANDIR     ?= $(PREFIX)/share/man
BASHDIR    ?= $(PREFIX)/share/bash-completion/completions
ZSHDIR     ?= $(PREFIX)/share/zsh/site-functions
FISHDIR    ?= $(PREFIX)/share/fish/vendor_completions.d
UNITDIR    ?= $(PREFIX)/lib/systemd/system
USERUNITDIR ?= $(PREFIX)/lib/systemd/user

PROFILES = $(wildcard profiles/*.conf)
COMMON   = $(wildcard profiles/common/*.conf)
# Before AppArmor 4 user namespaces are not restricted, and the parser does not know the rule.
APPARMOR = $(SYSCONFDIR)/apparmor.d
UNITS    = bailey@.service $(if $(NET),bailey-netd.socket bailey-netd.service bailey-net@.service)

install: all man
	install -d $(addprefix $(DESTDIR),$(BINDIR) $(LIBEXECDIR) $(SHAREDIR)/profiles/common $(MANDIR)/man1 $(MANDIR)/man5 $(MANDIR)/man7 \
		$(BASHDIR) $(ZSHDIR) $(FISHDIR) $(UNITDIR) $(USERUNITDIR))
	install -m 0755 $(BUILD)/bailey $(DESTDIR)$(BINDIR)/bailey
	install -m 0755 $(BUILD)/bailey-filter $(DESTDIR)$(LIBEXECDIR)/bailey-filter
	install -m 0755 $(BUILD)/bailey-resolver $(DESTDIR)$(LIBEXECDIR)/bailey-resolver
	install -m 0755 $(BUILD)/bailey-tls $(DESTDIR)$(LIBEXECDIR)/bailey-tls
	install -m 0755 $(BUILD)/bailey-open $(DESTDIR)$(LIBEXECDIR)/bailey-open
	$(if $(SCOPE),install -m 0755 $(BUILD)/bailey-scope $(DESTDIR)$(LIBEXECDIR)/bailey-scope)
	$(if $(UNPACK),install -m 0755 $(BUILD)/bailey-unpack $(DESTDIR)$(LIBEXECDIR)/bailey-unpack)
	$(if $(NET),install -m 0755 $(addprefix $(BUILD)/,$(NET)) $(DESTDIR)$(LIBEXECDIR))
	for u in $(UNITS); do sed -e 's|@BINDIR@|$(BINDIR)|g' -e 's|@LIBEXECDIR@|$(LIBEXECDIR)|g' etc/systemd/$$u* > $(DESTDIR)$(UNITDIR)/$$u && \
		chmod 0644 $(DESTDIR)$(UNITDIR)/$$u || exit 1; done
	install -m 0644 $(DESTDIR)$(UNITDIR)/bailey@.service $(DESTDIR)$(USERUNITDIR)
	install -m 0644 $(PROFILES) $(DESTDIR)$(SHAREDIR)/profiles
	install -m 0644 $(COMMON) $(DESTDIR)$(SHAREDIR)/profiles/common
	for s in 1 5 7; do install -m 0644 $(BUILD)/man/*.$$s $(DESTDIR)$(MANDIR)/man$$s || exit 1; done
	install -m 0644 completions/bailey.bash $(DESTDIR)$(BASHDIR)/bailey
	install -m 0644 completions/_bailey $(DESTDIR)$(ZSHDIR)/_bailey
	install -m 0644 completions/bailey.fish $(DESTDIR)$(FISHDIR)/bailey.fish
	if [ -e $(DESTDIR)$(APPARMOR)/abi/4.0 ]; then \
		sed -e 's|^profile bailey [^ ]*|profile bailey $(BINDIR)/bailey|' etc/apparmor.d/bailey > $(DESTDIR)$(APPARMOR)/bailey && \
		chmod 0644 $(DESTDIR)$(APPARMOR)/bailey; fi

# Takes away what this version installs. Directories that others share stay; our own go when they are empty.
uninstall:
	rm -f $(DESTDIR)$(BINDIR)/bailey $(addprefix $(DESTDIR)$(LIBEXECDIR)/,bailey-filter bailey-scope bailey-unpack bailey-net bailey-netd bailey-resolver bailey-tls bailey-open)
	rm -f $(addprefix $(DESTDIR)$(SHAREDIR)/,$(PROFILES) $(COMMON))
	rm -f $(addprefix $(DESTDIR)$(MANDIR)/,man1/bailey.1 man5/bailey.conf.5 man7/bailey-profiles.7)
	rm -f $(DESTDIR)$(BASHDIR)/bailey $(DESTDIR)$(ZSHDIR)/_bailey $(DESTDIR)$(FISHDIR)/bailey.fish
	rm -f $(DESTDIR)$(USERUNITDIR)/bailey@.service $(addprefix $(DESTDIR)$(UNITDIR)/,bailey@.service bailey-netd.socket bailey-netd.service bailey-net@.service)
	rm -f $(DESTDIR)$(APPARMOR)/bailey
	-rmdir --ignore-fail-on-non-empty $(addprefix $(DESTDIR),$(LIBEXECDIR) $(SHAREDIR)/profiles/common $(SHAREDIR)/profiles $(SHAREDIR))

clean:
	rm -rf build build-*

-include $(OBJ:.o=.d) $(FILTER_OBJ:.o=.d) $(SCOPE_OBJ:.o=.d) $(UNPACK_OBJ:.o=.d) $(NET_OBJ:.o=.d) $(NETD_OBJ:.o=.d) $(RESOLVER_OBJ:.o=.d) $(TLS_OBJ:.o=.d) $(OPEN_OBJ:.o=.d) $(UNIT:=.d)
.PHONY: all no-scope no-unpack no-net help man unit programs deps-build deps-check try check check-programs check-vm bench lint asan fuzz screenshots install uninstall clean
