# basesync. `make help` lists what there is; everything is built out of tree.
VERSION := 0.1.0

O ?= build
VENDOR_BUILD ?= build/vendor
PROFILE ?= debug
WERROR ?= 1
PREFIX ?= /usr/local
FUZZ_SECONDS ?= 20
# ONLY="base crypto" builds the library from these folders of src alone; T="str buf" takes these tests.
ONLY ?=
T ?=

.DEFAULT_GOAL := program
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules --no-print-directory
ifeq ($(filter -j% --jobs%,$(MAKEFLAGS) $(MFLAGS)),)
MAKEFLAGS += -j$(shell nproc 2>/dev/null || echo 2)
endif
Q := $(if $(V),,@)
say = @printf '  %-8s%s\n' $(1) '$(patsubst $(O)/%,%,$(2))'

include vendor/vendor.mk

# ---- what there is ----
SRC_ALL := $(wildcard src/*/*.c)
SRC := $(if $(ONLY),$(foreach d,$(ONLY),$(wildcard src/$(d)/*.c)),$(SRC_ALL))
DATA := $(if $(ONLY),$(foreach d,$(ONLY),$(wildcard src/$(d)/*.sql src/$(d)/*/*.sql)),\
    $(wildcard src/*/*.sql src/*/*/*.sql))
MAIN := $(if $(ONLY),,$(wildcard src/app/main.c))
LIB_SRC := $(filter-out src/app/main.c,$(SRC))
UNIT := $(sort $(if $(T),$(foreach t,$(T),$(wildcard tests/unit/t_$(t).c)),$(wildcard tests/unit/t_*.c)))
UNIT_SHARED := $(filter-out $(wildcard tests/unit/t_*.c),$(wildcard tests/unit/*.c))
PROP := $(if $(T),,$(shell grep -l '^int main' tests/prop/*.c 2>/dev/null))
PROP_SHARED := $(filter-out $(PROP),$(wildcard tests/prop/*.c))
TWIN := $(wildcard tests/twin/*.c)
FUZZ := $(wildcard tests/fuzz/*.c)
DATA_STAMPS := $(VENDOR_DATA:%=$(VENDOR_BUILD)/data/stamp/%)
COMMIT := $(shell git rev-parse --short=12 HEAD 2>/dev/null)

# ---- flags ----
# gcc takes no (void) for an answer where a result must be looked at; clang does, and `make lint` asks it.
WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2 \
    -Wpointer-arith -Wwrite-strings -Wundef -Wno-unused-result $(if $(filter 1,$(WERROR)),-Werror)
# Times and sizes of files have 64 bits on every machine (glibc asks to be told, musl always has them).
CSTD := -std=c17 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64 -DBASESYNC_CA_BUNDLE -Isrc -ffile-prefix-map=$(CURDIR)/= -fstack-protector-strong
FORTIFY := -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

CC_debug := gcc
FLAGS_debug := -Og -g $(FORTIFY) -DBASESYNC_FAILPOINTS
LINK_debug :=
TARGET_debug := host

CC_asan := gcc
FLAGS_asan := -O1 -g $(SANITIZE) -DBASESYNC_FAILPOINTS
LINK_asan := $(SANITIZE)
TARGET_asan := host
# What the sanitizers insert makes gcc see cuts and unset values where there are none.
WARN_asan := $(WARN) -Wno-format-truncation -Wno-maybe-uninitialized -Wno-stringop-truncation \
    -Wno-stringop-overflow -Wno-stringop-overread

CC_fuzz := clang
FLAGS_fuzz := -O1 -g $(SANITIZE) -fsanitize=fuzzer-no-link -DBASESYNC_FAILPOINTS
LINK_fuzz := $(SANITIZE) -fsanitize=fuzzer
TARGET_fuzz := host
WARN_fuzz := -w

RELEASE_FLAGS := -O2 -fno-pie -fno-asynchronous-unwind-tables -fno-unwind-tables -ffunction-sections -fdata-sections -flto=auto
RELEASE_LINK := -static -no-pie -O2 -flto=auto -Wl,--gc-sections -Wl,--build-id=none
MACHINE := $(shell uname -m)
# This machine's own kind; `release` is a copy of it.
NATIVE := $(if $(filter aarch64,$(MACHINE)),release-arm64,$(if $(filter arm%,$(MACHINE)),release-armv6,release-x86_64))
TARGET_release-x86_64 := x86_64-musl
TARGET_release-arm64 := aarch64-musl
TARGET_release-armv6 := arm-musl
RELEASES := release-x86_64 release-arm64 release-armv6
STRIP_x86_64-musl := $(if $(filter x86_64,$(MACHINE)),,x86_64-linux-gnu-)strip
STRIP_aarch64-musl := $(if $(filter aarch64,$(MACHINE)),,aarch64-linux-gnu-)strip
STRIP_arm-musl := arm-linux-gnueabi-strip

# ---- objects and the library of one profile: $(call profile,NAME) ----
define profile
CC_$(1) ?= $(VENDOR_BUILD)/$(TARGET_$(1))/musl/bin/musl-gcc
WARN_$(1) ?= $(WARN)
CFLAGS_$(1) = $(CSTD) $(FLAGS_$(1)) $(call vendor_cflags,$(TARGET_$(1))) $(CFLAGS)
VENDOR_$(1) := $(call vendor_stamps,$(TARGET_$(1)))
OBJ_$(1) := $(LIB_SRC:%.c=$(O)/$(1)/obj/%.o) $(DATA:%=$(O)/$(1)/obj/%.o) \
    $(O)/$(1)/obj/ca_bundle.o $(O)/$(1)/obj/third_party.o

$(O)/$(1)/obj/%.o: %.c $(O)/$(1)/flags $$(VENDOR_$(1))
	$$(call say,CC,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(CC_$(1)) $$(CFLAGS_$(1)) $$(WARN_$(1)) -MMD -MP -c $$< -o $$@

$(O)/$(1)/obj/%.sql.o: %.sql $(O)/embed $(O)/$(1)/flags $$(VENDOR_$(1))
	$$(call say,EMBED,$$@)
	@mkdir -p $$(@D)
	$$(Q)$(O)/embed $$$$(echo '$$*.sql' | sed 's|^src/||; s|[^A-Za-z0-9]|_|g') $$< >$$(@:.o=.c)
	$$(Q)$$(CC_$(1)) $$(CFLAGS_$(1)) -c $$(@:.o=.c) -o $$@

$(O)/$(1)/obj/ca_bundle.o: $(VENDOR_BUILD)/data/stamp/cabundle $(O)/embed $(O)/$(1)/flags $$(VENDOR_$(1))
	$$(call say,EMBED,$$@)
	@mkdir -p $$(@D)
	$$(Q)$(O)/embed ca_bundle $(VENDOR_BUILD)/data/ca-bundle.pem >$$(@:.o=.c)
	$$(Q)$$(CC_$(1)) $$(CFLAGS_$(1)) -c $$(@:.o=.c) -o $$@

$(O)/$(1)/obj/third_party.o: $(O)/third-party.gz $(O)/embed $(O)/$(1)/flags $$(VENDOR_$(1))
	$$(call say,EMBED,$$@)
	@mkdir -p $$(@D)
	$$(Q)$(O)/embed third_party $(O)/third-party.gz >$$(@:.o=.c)
	$$(Q)$$(CC_$(1)) $$(CFLAGS_$(1)) -c $$(@:.o=.c) -o $$@

$(O)/$(1)/obj/zones.o: $(VENDOR_BUILD)/data/stamp/tzdata $(O)/$(1)/flags $$(VENDOR_$(1))
	$$(call say,EMBED,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(CC_$(1)) $$(CFLAGS_$(1)) -c $(VENDOR_BUILD)/data/zones.c -o $$@

# Objects are listed too: one that goes away has to leave the archive.
$(O)/$(1)/libbasesync.a: $$(OBJ_$(1)) $(O)/$(1)/objects
	$$(call say,AR,$$@)
	$$(Q)rm -f $$@ && $(if $(filter $(RELEASES),$(1)),gcc-ar,ar) rcsD $$@ $$(OBJ_$(1))

$(O)/$(1)/version.o: $(O)/$(1)/version.c $(O)/$(1)/flags $$(VENDOR_$(1))
	$$(Q)$$(CC_$(1)) $$(CFLAGS_$(1)) -c $$< -o $$@

# Files whose content is what matters: written only when it changes.
$(O)/$(1)/flags: force
	@mkdir -p $$(@D)
	@echo '$$(CC_$(1)) $$(CFLAGS_$(1)) $$(WARN_$(1)) $$(LINK_$(1))' | $$(if_changed)
$(O)/$(1)/objects: force
	@mkdir -p $$(@D)
	@echo '$$(OBJ_$(1))' | $$(if_changed)
$(O)/$(1)/version.c: force $(DATA_STAMPS)
	@mkdir -p $$(@D)
	@VENDOR_BUILD='$(VENDOR_BUILD)' sh vendor/version.sh '$(VERSION)' '$(COMMIT)' >$$@.gen
	@cat $$@.gen | $$(if_changed) && rm -f $$@.gen

-include $$(shell find $(O)/$(1)/obj -name '*.d' 2>/dev/null)
endef
if_changed = { cat >$@.new; cmp -s $@.new $@ && rm -f $@.new || mv $@.new $@; }

# The time zones are asked for weakly: no library would bring them, the program names them.
program_objects = $(O)/$(1)/obj/src/app/main.o $(O)/$(1)/obj/zones.o $(O)/$(1)/libbasesync.a $(O)/$(1)/version.o

# ---- programs and tests of one profile on the host's C library: $(call programs,NAME) ----
define programs
$(O)/$(1)/basesync: $(program_objects)
	$$(call say,LINK,$$@)
	$$(Q)$$(CC_$(1)) $$(LINK_$(1)) $$^ $(call vendor_libs,$(TARGET_$(1))) -o $$@

$(O)/$(1)/tests/unit/t_%: $(O)/$(1)/obj/tests/unit/t_%.o $(UNIT_SHARED:%.c=$(O)/$(1)/obj/%.o) \
    $(O)/$(1)/libbasesync.a | $(O)/$(1)/version.o
	$$(call say,LINK,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(CC_$(1)) $$(LINK_$(1)) $$^ $(O)/$(1)/version.o -lcmocka $(call vendor_libs,$(TARGET_$(1))) -o $$@
$(UNIT:%.c=$(O)/$(1)/obj/%.o): | $(VENDOR_BUILD)/need/test

$(O)/$(1)/tests/prop/%: $(O)/$(1)/obj/tests/prop/%.o $(PROP_SHARED:%.c=$(O)/$(1)/obj/%.o) \
    $(O)/$(1)/libbasesync.a | $(O)/$(1)/version.o
	$$(call say,LINK,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(CC_$(1)) $$(LINK_$(1)) $$^ $(O)/$(1)/version.o $(call vendor_libs,$(TARGET_$(1))) -o $$@

# The twin uses none of src, so that an error of ours is not in both.
$(O)/$(1)/twin: $(TWIN:%.c=$(O)/$(1)/obj/%.o)
	$$(call say,LINK,$$@)
	$$(Q)$$(CC_$(1)) $$(LINK_$(1)) $$^ -L$(VENDOR_BUILD)/host/lib -lmicrohttpd -lgnutls -lcjson -lz -lpthread -lm -o $$@
$(TWIN:%.c=$(O)/$(1)/obj/%.o): | $(VENDOR_BUILD)/need/test

UNIT_$(1) := $(UNIT:tests/unit/%.c=$(O)/$(1)/tests/unit/%)
PROP_$(1) := $(PROP:tests/prop/%.c=$(O)/$(1)/tests/prop/%)
BIN_$(1) := $(O)/$(1)/libbasesync.a $(if $(MAIN),$(O)/$(1)/basesync)
endef

# ---- a static program: $(call static,NAME) ----
define static
$(eval FLAGS_$(1) := $(RELEASE_FLAGS))
$(eval LINK_$(1) := $(RELEASE_LINK))
$(eval $(call profile,$(1)))
$(O)/$(1)/basesync.full: $(program_objects)
	$$(call say,LINK,$$@)
	$$(Q)$$(CC_$(1)) $$(LINK_$(1)) $$^ $(call vendor_libs,$(TARGET_$(1))) -o $$@
$(O)/$(1)/basesync: $(O)/$(1)/basesync.full tests/lint/static.sh Makefile
	$$(Q)$(STRIP_$(TARGET_$(1))) -s -R .comment -o $$@ $$<
	$$(Q)sh tests/lint/static.sh $$@ || { rm -f $$@; exit 1; }
BIN_$(1) := $(O)/$(1)/libbasesync.a $(if $(MAIN),$(O)/$(1)/basesync)
endef

$(foreach p,$(RELEASES),$(eval $(call static,$(p))))
BIN_release := $(if $(MAIN),$(O)/release/basesync,$(BIN_$(NATIVE)))
$(O)/release/basesync: $(O)/$(NATIVE)/basesync
	@mkdir -p $(@D)
	$(Q)cp -f $< $@
$(foreach p,debug asan fuzz,$(eval $(call profile,$(p))))
$(foreach p,debug asan,$(eval $(call programs,$(p))))

# What the libraries' licences demand to be handed on; packed, for it is long and seldom read.
$(O)/third-party.gz: vendor/licences.sh vendor/components.sh vendor/manifest $(DATA_STAMPS)
	$(call say,TEXT,$@)
	@mkdir -p $(@D)
	$(Q)VENDOR_BUILD='$(VENDOR_BUILD)' sh vendor/licences.sh >$(@:.gz=.txt)
	$(Q)gzip -9nc $(@:.gz=.txt) >$@

$(O)/embed: vendor/embed.c | $(VENDOR_BUILD)/need/host
	@mkdir -p $(@D)
	$(Q)gcc -std=c17 -O1 -Wall -Wextra $< -o $@

$(VENDOR_BUILD)/need/test: Makefile
	$(Q)sh vendor/need.sh gcc=gcc cmocka.h=libcmocka-dev microhttpd.h=libmicrohttpd-dev \
	    gnutls/gnutls.h=libgnutls28-dev python3=python3 && mkdir -p $(@D) && touch $@
$(VENDOR_BUILD)/need/lint: Makefile
	$(Q)sh vendor/need.sh clang-format=clang-format clang-tidy=clang-tidy cppcheck=cppcheck shellcheck=shellcheck \
	    cmocka.h=libcmocka-dev microhttpd.h=libmicrohttpd-dev && mkdir -p $(@D) && touch $@
$(VENDOR_BUILD)/need/fuzz: Makefile
	$(Q)sh vendor/need.sh clang=clang /usr/lib/llvm-14/lib/clang=libclang-rt-14-dev && \
	    mkdir -p $(@D) && touch $@

$(VENDOR_BUILD)/need/ship: Makefile
	$(Q)sh vendor/need.sh mandoc=mandoc lintian=lintian qemu-arm-static=qemu-user-static zsh=zsh fish=fish \
	    python3=python3 debootstrap=debootstrap && mkdir -p $(@D) && touch $@

# ---- what is given away ----
# The time of the commit is the time of every file in it.
EPOCH := $(shell git log -1 --format=%ct 2>/dev/null || stat -c %Y CHANGELOG.md)
DATE := $(shell date -u -d @$(EPOCH) +%Y-%m-%d)
DEB_VERSION := $(VERSION)-1
# Who gives the Debian packages away.
MAINTAINER ?= The basesync authors <basesync@localhost.localdomain>
ARCH_release-x86_64 := amd64
ARCH_release-arm64 := arm64
# Debian's armhf compiler emits ARMv7, which a Pi Zero or Pi 1 does not run; a static program may be of
# another ABI than the system around it.
ARCH_release-armv6 := armhf
deb_of = $(O)/dist/basesync_$(DEB_VERSION)_$(ARCH_$(1)).deb
tarball_of = $(O)/dist/basesync-$(VERSION)-linux-$(1:release-%=%).tar.gz
DEBS := $(foreach r,$(RELEASES),$(call deb_of,$(r)))
TARBALLS := $(foreach r,$(RELEASES),$(call tarball_of,$(r)))
PAPERS := $(addprefix $(O)/dist/,basesync-$(VERSION).spdx THIRD-PARTY install.sh)
STAGED := $(wildcard packaging/*.sh packaging/*.service packaging/*/*) README.md CHANGELOG.md LICENSE conf/basesync.ini

$(O)/texts/stamp: $(O)/release/basesync $(wildcard packaging/man/*) $(O)/third-party.gz $(O)/epoch
	$(call say,TEXT,$(O)/texts)
	$(Q)DATE=$(DATE) sh packaging/man/make.sh $< $(O)/texts/man
	@mkdir -p $(O)/texts/completion
	$(Q)for s in bash zsh fish; do $< completion $$s >$(O)/texts/completion/$$s || exit 1; done
	$(Q)cp $(O)/third-party.txt $(O)/texts/THIRD-PARTY
	@touch $@
$(O)/epoch: force
	@mkdir -p $(@D)
	@echo $(EPOCH) | $(if_changed)

define given
$(call deb_of,$(1)): $(O)/$(1)/basesync $(O)/texts/stamp $(STAGED)
	$$(call say,DEB,$$@)
	@mkdir -p $$(@D)
	$$(Q)SOURCE_DATE_EPOCH=$(EPOCH) MAINTAINER='$(MAINTAINER)' sh packaging/deb.sh $$< $(O)/texts $(DEB_VERSION) $(ARCH_$(1)) $$@
$(call tarball_of,$(1)): $(O)/$(1)/basesync $(O)/texts/stamp $(STAGED)
	$$(call say,PACK,$$@)
	@mkdir -p $$(@D)
	$$(Q)SOURCE_DATE_EPOCH=$(EPOCH) sh packaging/tarball.sh $$< $(O)/texts $(VERSION) $(1:release-%=%) $$@
endef
$(foreach r,$(RELEASES),$(eval $(call given,$(r))))

$(O)/dist/basesync-$(VERSION).spdx: packaging/spdx.sh vendor/manifest $(O)/texts/stamp
	$(call say,TEXT,$@)
	@mkdir -p $(@D)
	$(Q)SOURCE_DATE_EPOCH=$(EPOCH) VENDOR_BUILD='$(VENDOR_BUILD)' sh packaging/spdx.sh $(VERSION) $(or $(COMMIT),none) >$@
$(O)/dist/THIRD-PARTY: $(O)/texts/stamp
	@mkdir -p $(@D)
	$(Q)cp $(O)/texts/THIRD-PARTY $@
$(O)/dist/install.sh: packaging/install.sh
	@mkdir -p $(@D)
	$(Q)cp $< $@
$(O)/dist/SHA256SUMS: $(DEBS) $(TARBALLS) $(PAPERS)
	$(call say,SUMS,$@)
	$(Q)cd $(@D) && sha256sum $(sort $(notdir $^)) >SHA256SUMS

# ---- goals ----
.PHONY: help program release release-x86_64 release-arm64 release-armv6 debug asan twin unit test check-fast \
    demo bench lint format fuzz clean install vendor release-all deb test-ship force

## help              this list
help:
	@sed -n 's/^## //p' $(firstword $(MAKEFILE_LIST))
	@echo
	@echo 'Variables: V=1 shows commands, O=DIR builds elsewhere, PROFILE=asan for unit, test and twin,'
	@echo 'T="str buf" takes these unit tests alone, ONLY="base net" these folders of src.'

## program           the static program of this machine (musl), build/release/basesync; the default
program: $(BIN_release)
## release           the same, then those of the other machine kinds, with Debian's cross compilers; what
##                   they cannot be had for is left out and named (release-all insists)
release: $(BIN_release)
	$(Q)$(foreach r,$(filter-out $(NATIVE),$(RELEASES)),\
	    if $(MAKE) $(VENDOR_BUILD)/need/$(TARGET_$(r)); then $(MAKE) $(r) || exit 1; \
	    else echo '  ($(r) is left out: its compiler cannot be had here)'; fi;)
## release-x86_64    the program of one machine kind, whatever this one is; also
## release-arm64     for 64-bit ARM and
## release-armv6     for every Raspberry Pi and older 32-bit ARM (soft float)
release-x86_64: $(BIN_release-x86_64)
release-arm64: $(BIN_release-arm64)
release-armv6: $(BIN_release-armv6)
## debug             the program on the system's C library, with failpoints
debug: $(BIN_debug)
## asan              the same under the address and undefined behaviour sanitizers
asan: $(BIN_asan)
## vendor            the libraries of others alone (for debug and asan)
vendor: $(call vendor_stamps,host)
## twin              the stand-in for Airtable and Google that tests and demo run against
twin: $(if $(TWIN),$(O)/$(PROFILE)/twin)
## unit              unit and property tests
unit check-fast: $(UNIT_$(PROFILE)) $(PROP_$(PROFILE))
	$(Q)O='$(O)' PROFILE=$(PROFILE) T='$(T)' sh tests/run.sh unit prop
## check-fast        the same as unit
## test              everything: unit, property, end-to-end, contract; PROFILE=asan for the sanitizers
test: $(BIN_$(PROFILE)) $(UNIT_$(PROFILE)) $(PROP_$(PROFILE)) $(if $(TWIN),$(O)/$(if $(filter release%,$(PROFILE)),debug,$(PROFILE))/twin)
	$(Q)O='$(O)' PROFILE=$(PROFILE) sh tests/run.sh
## demo              a whole sync against the twin, with no account
demo: $(BIN_debug) $(if $(TWIN),$(O)/debug/twin)
	$(Q)BASESYNC='$(O)/debug/basesync' TWIN='$(O)/debug/twin' $(SHELL) tests/demo.sh
## bench             10,000 records x 20 fields: calls, seconds, memory
bench: $(BIN_release) $(if $(TWIN),$(O)/debug/twin)
	$(Q)BASESYNC='$(O)/release/basesync' TWIN='$(O)/debug/twin' $(SHELL) tests/bench/run.sh
## lint              formatting, layers, forbidden calls, clang-tidy, cppcheck
lint: $(call vendor_stamps,host) | $(VENDOR_BUILD)/need/lint
	$(Q)O='$(O)' VENDOR_BUILD='$(VENDOR_BUILD)' sh tests/lint/run.sh
## format            clang-format over all of src and tests
format: | $(VENDOR_BUILD)/need/lint
	$(Q)clang-format -i $(wildcard src/*/*.[ch] tests/*/*.[ch] vendor/*.c)
## fuzz              each fuzzer for FUZZ_SECONDS (20), two at a time
fuzz: $(FUZZ:tests/fuzz/%.c=$(O)/fuzz/%)
	$(Q)sh tests/fuzz/run.sh $(FUZZ_SECONDS) $^
$(O)/fuzz/%: $(O)/fuzz/obj/tests/fuzz/%.o $(O)/fuzz/libbasesync.a | $(O)/fuzz/version.o
	$(call say,LINK,$@)
	$(Q)$(CC_fuzz) $(LINK_fuzz) $^ $(O)/fuzz/version.o $(call vendor_libs,host) -o $@
$(OBJ_fuzz) $(FUZZ:%.c=$(O)/fuzz/obj/%.o): | $(VENDOR_BUILD)/need/fuzz
## install           program, manual pages and completions; DESTDIR and PREFIX (/usr/local) as usual
install: $(BIN_release) $(O)/texts/stamp
	sh packaging/stage.sh $(O)/release/basesync $(O)/texts '$(DESTDIR)' '$(PREFIX)'
## release-all       what is given away, build/dist: archives and Debian packages for x86_64, arm64 and
##                   ARMv6, list of contents, licences, install.sh, SHA256SUMS
release-all: $(O)/dist/SHA256SUMS
## deb               the Debian packages alone: amd64, arm64, armhf (ARMv6, for every Raspberry Pi)
deb: $(DEBS)
## test-ship         the manual pages, the programs for each machine under QEMU, the packages
test-ship: $(O)/dist/SHA256SUMS $(O)/debug/twin | $(VENDOR_BUILD)/need/ship
	$(Q)O='$(O)' VENDOR_BUILD='$(VENDOR_BUILD)' VERSION='$(VERSION)' DEB_VERSION='$(DEB_VERSION)' bash tests/ship/run.sh
## clean             removes what was built, keeps the libraries of others (rm -r build removes those)
clean:
	rm -rf $(addprefix $(O)/,$(RELEASES) release debug asan fuzz embed texts dist third-party.txt third-party.gz)
force:
# Objects stay between runs.
.SECONDARY:
