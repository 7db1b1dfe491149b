# musl: the C library of the static programs, static only, with its compiler wrapper musl/bin/musl-gcc.
# The kernel's headers (linux/, asm/) come from the compiler's own system.
build() {
    # shellcheck disable=SC2086
    CFLAGS="$opt -ffile-prefix-map=$VENDOR_BUILD=vendor -w" "$src/configure" --prefix="$prefix/musl" --syslibdir="$prefix/musl/lib" \
        --target="$($realcc -dumpmachine)" --disable-shared --enable-wrapper=gcc \
        CC="$realcc" AR="$ar" RANLIB="${cross}ranlib"
    make -j"$jobs" AR="$ar" RANLIB="${cross}ranlib"
    make DESTDIR="$work/dest" install
    mkdir -p "$out/musl"
    cp -a "$work/dest$prefix/musl/." "$out/musl/"
    for d in linux asm asm-generic mtd; do
        for base in "/usr/include/$($realcc -dumpmachine)" "/usr/$($realcc -dumpmachine)/include" /usr/include; do
            if [ -d "$base/$d" ]; then
                ln -s "$base/$d" "$out/musl/include/$d"
                break
            fi
        done
    done
    [ -d "$out/musl/include/linux/." ] && [ -d "$out/musl/include/asm/." ]
}
