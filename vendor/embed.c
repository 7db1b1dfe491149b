/*
 * embed: prints files as C arrays, so that they can live inside the program.
 *
 *     embed NAME FILE >out.c
 *
 * defines `const char embed_NAME[]` (with a NUL at its end that is not counted) and
 * `const size_t embed_NAME_len`. Character constants mean the same where char is signed and where
 * it is not.
 *
 *     embed --zones DIR <names >out.c
 *
 * defines the table of time zones that src/engine/zoneload.c looks up: one entry for each name
 * (a file below DIR, one a line), one array for each content.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ZONES_MAX 2000
#define ZONE_MAX (1 << 16)

static int print_file(const char *name, const char *path)
{
    FILE *in = fopen(path, "rb");
    if (in == NULL) {
        perror(path);
        return 1;
    }
    printf("#include \"base/embed.h\"\n\nEMBED_DECLARE(%s);\n\nconst char embed_%s[] = {\n", name,
           name);
    unsigned long n = 0;
    int c;
    while ((c = getc(in)) != EOF)
        printf("'\\%o',%s", (unsigned)c, ++n % 16 == 0 ? "\n" : "");
    int failed = ferror(in);
    fclose(in);
    printf("0};\nconst size_t embed_%s_len = %lu;\n", name, n);
    return failed;
}

struct zone {
    char name[128];
    unsigned char *data;
    size_t len;
    size_t same; /* index of the first zone with this content */
};

static int read_zone(const char *dir, struct zone *z)
{
    char path[4096];
    unsigned char data[ZONE_MAX];
    snprintf(path, sizeof path, "%s/%s", dir, z->name);
    FILE *in = fopen(path, "rb");
    if (in == NULL) {
        perror(path);
        return 1;
    }
    z->len = fread(data, 1, sizeof data, in);
    int failed = ferror(in) || z->len == sizeof data || z->len < 4 || memcmp(data, "TZif", 4) != 0;
    fclose(in);
    if (failed || (z->data = malloc(z->len)) == NULL) {
        fprintf(stderr, "embed: %s is no zone\n", path);
        return 1;
    }
    memcpy(z->data, data, z->len);
    return 0;
}

static int print_zones(const char *dir)
{
    static struct zone zones[ZONES_MAX];
    size_t n = 0;
    while (n < ZONES_MAX && fgets(zones[n].name, sizeof zones[n].name, stdin) != NULL) {
        zones[n].name[strcspn(zones[n].name, "\n")] = '\0';
        if (read_zone(dir, &zones[n]) != 0)
            return 1;
        n++;
    }
    if (n == 0 || n == ZONES_MAX) {
        fprintf(stderr, "embed: %zu zones are too few or too many\n", n);
        return 1;
    }
    printf("#include <stddef.h>\n\nstruct embedded_zone {\n    const char *name;\n"
           "    const unsigned char *data;\n    size_t len;\n};\n");
    printf("extern const struct embedded_zone embedded_zones[];\n"
           "extern const size_t embedded_zones_count;\n");
    for (size_t i = 0; i < n; i++) {
        size_t same = 0;
        while (zones[same].len != zones[i].len ||
               memcmp(zones[same].data, zones[i].data, zones[i].len) != 0)
            same++;
        zones[i].same = same;
        if (same != i)
            continue;
        printf("static const unsigned char zone_%zu[] = {\n", i);
        for (size_t k = 0; k < zones[i].len; k++)
            printf("%u,%s", (unsigned)zones[i].data[k], k % 24 == 23 ? "\n" : "");
        printf("};\n");
    }
    printf("const struct embedded_zone embedded_zones[] = {\n");
    for (size_t i = 0; i < n; i++)
        printf("    {\"%s\", zone_%zu, sizeof zone_%zu},\n", zones[i].name, zones[i].same,
               zones[i].same);
    printf("};\nconst size_t embedded_zones_count = %zu;\n", n);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: embed NAME FILE\n       embed --zones DIR\n");
        return 2;
    }
    int failed =
        strcmp(argv[1], "--zones") == 0 ? print_zones(argv[2]) : print_file(argv[1], argv[2]);
    if (failed || fflush(stdout) != 0) {
        fprintf(stderr, "embed: %s could not be read, or the output not written\n", argv[2]);
        return 1;
    }
    return 0;
}
