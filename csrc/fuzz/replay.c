/* Runs a fuzz target over files, without a fuzzer: finds and corpora as tests, with any compiler on any machine.
 *
 *     replay_frame FILE...      or a file that names one file a line:  replay_frame @LIST
 */
#include "fuzz.h"

static size_t replayed;

static bool replay(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        return false;
    }
    fuzz_wire data = {0};
    for (;;) {
        size_t n = fread(fuzz_wire_room(&data, 4096), 1, 4096, file);
        if (n == 0)
            break;
        data.len += n;
    }
    bool ok = !ferror(file);
    if (!ok)
        perror(path);
    fclose(file);
    if (ok) {
        fprintf(stderr, "%s\n", path); /* the last line before a crash names the input */
        uint8_t *copy = fuzz_copy(data.data, data.len);
        LLVMFuzzerTestOneInput(copy, data.len);
        free(copy);
        replayed++;
    }
    free(data.data);
    return ok;
}

static bool replay_list(const char *path)
{
    char line[4096];
    bool ok = true;
    FILE *list = fopen(path, "r");
    if (list == NULL) {
        perror(path);
        return false;
    }
    while (fgets(line, sizeof line, list) != NULL) {
        line[strcspn(line, "\r\n")] = '\0';
        if (*line)
            ok = replay(line) && ok;
    }
    ok = !ferror(list) && ok;
    fclose(list);
    return ok;
}

int main(int argc, char **argv)
{
    bool ok = true;
    for (int i = 1; i < argc; i++)
        ok = (argv[i][0] == '@' ? replay_list(argv[i] + 1) : replay(argv[i])) && ok;
    printf("%zu inputs replayed\n", replayed);
    return ok && replayed > 0 ? 0 : 1;
}
