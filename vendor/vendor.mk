# Rules that bring and build what vendor/manifest names; see vendor/README.md. Included by Makefile.
#
# $(call vendor_stamps,TARGET)  the files to depend on so that a target's libraries are there
# $(call vendor_cflags,TARGET)  where its headers are (as system headers: our warnings stay out)
# $(call vendor_libs,TARGET)    what to link
# build/vendor/data             what is embedded: ca-bundle.pem, zones.c

VENDOR_LIBS := zlib cjson inih sqlite mbedtls curl
VENDOR_DATA := tzdata cabundle
VENDOR_TARGETS := host x86_64-musl aarch64-musl arm-musl data

VENDOR_NEED_COMMON := gcc=gcc ld=binutils stdlib.h=libc6-dev linux/types.h=linux-libc-dev \
    flock=util-linux patch=patch tclsh=tcl xz=xz-utils bzip2=bzip2 awk=mawk
VENDOR_NEED_data := gcc=gcc stdlib.h=libc6-dev ar=binutils xz=xz-utils /usr/sbin/zic=libc-bin
VENDOR_NEED_host := $(VENDOR_NEED_COMMON)
# A cross compiler only where the machine is of another kind.
VENDOR_MACHINE := $(shell uname -m)
VENDOR_NEED_x86_64-musl := $(VENDOR_NEED_COMMON) $(if $(filter x86_64,$(VENDOR_MACHINE)),,\
    x86_64-linux-gnu-gcc=gcc-x86-64-linux-gnu /usr/x86_64-linux-gnu/include/linux/types.h=linux-libc-dev-amd64-cross)
VENDOR_NEED_aarch64-musl := $(VENDOR_NEED_COMMON) $(if $(filter aarch64,$(VENDOR_MACHINE)),,\
    aarch64-linux-gnu-gcc=gcc-aarch64-linux-gnu /usr/aarch64-linux-gnu/include/linux/types.h=linux-libc-dev-arm64-cross)
VENDOR_NEED_arm-musl := $(VENDOR_NEED_COMMON) arm-linux-gnueabi-gcc=gcc-arm-linux-gnueabi \
    /usr/arm-linux-gnueabi/include/linux/types.h=linux-libc-dev-armel-cross

vendor_libnames = $(VENDOR_LIBS) $(if $(filter %-musl,$(1)),musl)
vendor_stamps = $(patsubst %,$(VENDOR_BUILD)/$(1)/stamp/%,$(vendor_libnames))
vendor_cflags = -isystem $(VENDOR_BUILD)/$(1)/include
vendor_libs = -L$(VENDOR_BUILD)/$(1)/lib -lcurl -lmbedtls -lz -lsqlite3shell -lsqlite3 -lcjson -linih -lpthread -lm

# LIB.checked says that build.sh has looked; stamp/LIB changes only when the library really does, so
# that a new comment in a recipe's neighbour compiles nothing again.
define vendor_rule
$(VENDOR_BUILD)/$(1)/stamp/$(2): $(VENDOR_BUILD)/$(1)/stamp/$(2).checked ;
$(VENDOR_BUILD)/$(1)/stamp/$(2).checked: vendor/build.sh vendor/manifest vendor/recipes/$(2).sh \
    $(wildcard vendor/recipes/$(2).config.h vendor/patches/$(2)-*.patch) $(if $(filter data,$(1)),vendor/embed.c) $(3) | $(VENDOR_BUILD)/need/$(1)
	@printf '  %-8s%s\n' VENDOR '$(2) ($(1))'
	$$(Q)VENDOR_BUILD='$(VENDOR_BUILD)' sh vendor/build.sh $(1) $(2) && touch $$@
endef
vendor_musl = $(if $(filter %-musl,$(1)),$(VENDOR_BUILD)/$(1)/stamp/musl)

define vendor_target
$(VENDOR_BUILD)/need/$(1): vendor/vendor.mk
	$$(Q)sh vendor/need.sh $(VENDOR_NEED_$(1)) && mkdir -p $$(@D) && touch $$@
$(foreach l,$(if $(filter data,$(1)),$(VENDOR_DATA),zlib cjson inih sqlite mbedtls),\
    $(eval $(call vendor_rule,$(1),$(l),$(vendor_musl))))
$(if $(filter data,$(1)),,$(eval $(call vendor_rule,$(1),curl,\
    $(vendor_musl) $(VENDOR_BUILD)/$(1)/stamp/zlib $(VENDOR_BUILD)/$(1)/stamp/mbedtls)))
$(if $(vendor_musl),$(eval $(call vendor_rule,$(1),musl,)))
endef
$(foreach t,$(VENDOR_TARGETS),$(eval $(call vendor_target,$(t))))
