# SQLite: the amalgamation is made from the full source with the project's own make rules (tclsh), then
# compiled as one file. The options: https://www.sqlite.org/compile.html. FULL synchronous stays on in
# WAL mode as well: losing the last commits would mean doubled records. The shell becomes a function
# in an archive of its own.
build() {
    PATH=$PATH make -f "$src/main.mk" TOP="$src" BCC="gcc -O0" TCC="gcc -O0" OPTS= sqlite3.c shell.c
    options="-DSQLITE_DQS=0 -DSQLITE_THREADSAFE=0 -DSQLITE_DEFAULT_MEMSTATUS=0 \
-DSQLITE_DEFAULT_SYNCHRONOUS=2 -DSQLITE_DEFAULT_WAL_SYNCHRONOUS=2 -DSQLITE_DEFAULT_FOREIGN_KEYS=1 \
-DSQLITE_TRUSTED_SCHEMA=0 -DSQLITE_LIKE_DOESNT_MATCH_BLOBS -DSQLITE_OMIT_DEPRECATED \
-DSQLITE_OMIT_PROGRESS_CALLBACK -DSQLITE_OMIT_SHARED_CACHE -DSQLITE_OMIT_LOAD_EXTENSION \
-DSQLITE_ENABLE_DBPAGE_VTAB -DSQLITE_ENABLE_DBSTAT_VTAB -DHAVE_FDATASYNC -DHAVE_USLEEP -DHAVE_GMTIME_R \
-DHAVE_LOCALTIME_R -DHAVE_STRERROR_R -DSTRERROR_R_CHAR_P=0"
    compile_all "$options" sqlite3.c
    compile_all "$options -Dmain=sqlite3_shell_main -DSQLITE_SHELL_IS_UTF8" shell.c
    archive_all libsqlite3.a sqlite3.o
    archive_all libsqlite3shell.a shell.o
    cp sqlite3.h "$out/include/"
}
