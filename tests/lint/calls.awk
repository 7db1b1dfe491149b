# Calls that are not made here, told after comments and texts are taken out of the line.
BEGIN {
    # Unbounded or without an error: every one has a checked counterpart in base/.
    everywhere = "strcpy strcat sprintf vsprintf strtok atoi atol atoll atof gets alloca system popen " \
        "cJSON_GetObjectItem cJSON_HasObjectItem cJSON_IsTrueString mktemp tmpnam"
    n = split(everywhere, a, " ")
    for (i = 1; i <= n; i++)
        banned[a[i]] = "src tests"
    # Only a result is given back there; who is asked logs.
    split("log_line", b, " ")
    for (i in b)
        upper[b[i]]
    # Nothing from outside, no time.
    n = split("fopen open read write stat time gettimeofday clock_gettime clock_wall_ms clock_mono_ms " \
        "clock_sleep_ms clock_random clock_random_u64 clock_random_below clock_random_id " \
        "clock_random_uuid getenv printf fprintf puts rand random", c, " ")
    for (i = 1; i <= n; i++)
        impure[c[i]]
}
FNR == 1 { comment = 0 }
{
    line = $0
    gsub(/\\./, "", line)
    gsub(/"[^"]*"/, "\"\"", line)
    gsub(/'[^']*'/, "''", line)
    gsub(/\/\*.*\*\//, "", line)
    if (comment) {
        if (line !~ /\*\//)
            next
        sub(/.*\*\//, "", line)
        comment = 0
    }
    if (line ~ /\/\*/) {
        sub(/\/\*.*/, "", line)
        comment = 1
    }
    sub(/\/\/.*/, "", line)
    split(FILENAME, path, "/")
    where = path[1]
    folder = path[2]
    while (match(line, /[A-Za-z_][A-Za-z0-9_]*[ \t]*\(/)) {
        before = RSTART > 1 ? substr(line, RSTART - 1, 1) : " "
        name = substr(line, RSTART, RLENGTH - 1)
        sub(/[ \t]*$/, "", name)
        line = substr(line, RSTART + RLENGTH)
        if (before == "." || before == ">")
            continue
        if (name in banned)
            wrong(name " is not used here")
        if (where == "src" && name in upper && folder != "engine" && folder != "app" && folder != "base")
            wrong(name ": only engine and app log")
        if (where == "src" && name in impure && (folder == "sync" || folder == "model"))
            wrong(name ": " folder " is pure")
    }
}
function wrong(text) {
    print FILENAME ":" FNR ": " text
    bad = 1
}
END { exit bad }
