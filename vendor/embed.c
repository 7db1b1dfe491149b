/*
 * embed: prints a file as a C array, so that it can live inside the program.
 *
 *     embed NAME FILE >out.c
 *
 * defines `const char embed_NAME[]` (with a NUL at its end that is not counted) and
 * `const size_t embed_NAME_len`. Character constants mean the same where char is signed and where
 * it is not.
 */
#include <stdio.h>

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: embed NAME FILE\n");
        return 2;
    }
    FILE *in = fopen(argv[2], "rb");
    if (in == NULL) {
        perror(argv[2]);
        return 1;
    }
    printf("#include \"base/embed.h\"\n\nEMBED_DECLARE(%s);\n\nconst char embed_%s[] = {\n",
           argv[1], argv[1]);
    unsigned long n = 0;
    int c;
    while ((c = getc(in)) != EOF)
        printf("'\\%o',%s", (unsigned)c, ++n % 16 == 0 ? "\n" : "");
    int failed = ferror(in);
    fclose(in);
    printf("0};\nconst size_t embed_%s_len = %lu;\n", argv[1], n);
    if (failed || fflush(stdout) != 0) {
        fprintf(stderr, "embed: %s could not be read or written\n", argv[2]);
        return 1;
    }
    return 0;
}
