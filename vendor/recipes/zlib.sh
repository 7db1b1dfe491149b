# zlib: inflate and deflate in memory; no gzFile.
build() {
    compile_all "-D_LARGEFILE64_SOURCE=1 -DHAVE_HIDDEN" "$src/adler32.c" "$src/crc32.c" "$src/deflate.c" \
        "$src/inffast.c" "$src/inflate.c" "$src/inftrees.c" "$src/trees.c" "$src/zutil.c" \
        "$src/compress.c" "$src/uncompr.c"
    archive_all libz.a ./*.o
    cp "$src/zlib.h" "$src/zconf.h" "$out/include/"
}
