# Who may include whom: a file includes its own folder and lower layers only, and each library of
# others has one place. The twin includes nothing of src: an error of ours must not be in both.
BEGIN {
    split("base 0 model 1 crypto 1 sync 2 store 2 net 2 conf 2 remote 3 engine 4 app 5", a, " ")
    for (i = 1; i in a; i += 2)
        layer[a[i]] = a[i + 1]
    # header (a prefix of what stands between < > or " ") and the files that may have it
    home["sqlite3.h"] = "^src/store/|^tests/unit/"
    home["curl/"] = "^src/net/http[a-z_]*[.][ch]$"
    home["cJSON.h"] = "^src/net/json[.]c$|^tests/"
    home["cjson/"] = "^src/net/json[.]c$|^tests/"
    home["ini.h"] = "^src/conf/"
    home["mbedtls/"] = "^src/crypto/"
    home["psa/"] = "^src/crypto/"
    home["zlib.h"] = "^src/net/gunzip[.]c$|^tests/(twin|unit)/"
    home["microhttpd.h"] = "^tests/twin/"
    home["gnutls/"] = "^tests/twin/"
    home["cmocka.h"] = "^tests/unit/"
}
function wrong(text) {
    print FILENAME ":" FNR ": " text
    bad = 1
}
/^[ \t]*#[ \t]*include[ \t]*[<"]/ {
    header = $0
    sub(/^[^<"]*[<"]/, "", header)
    sub(/[>"].*/, "", header)
    for (h in home)
        if (index(header, h) == 1 && FILENAME !~ home[h])
            wrong(header " may be included by " home[h] " only")
    split(FILENAME, path, "/")
    split(header, part, "/")
    to = part[1]
    if (!(to in layer) || header !~ /\// || $0 ~ /</)
        next
    if (path[1] == "src") {
        from = path[2]
        if (to != from && layer[to] >= layer[from])
            wrong(from " (layer " layer[from] ") includes " header " (layer " layer[to] ")")
    } else if (path[2] == "twin")
        wrong("the twin uses nothing of src, here " header)
}
END { exit bad }
