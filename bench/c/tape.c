/* The C core alone: the tape of each response of a file. With HAVE_DOVECOT, Dovecot's own parser reads the same octets,
 * in turns with ours. Prints `name nanoseconds tokens` for each: best round, per response, thread CPU time.
 *
 *     tape FILE ROUNDS
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "mailproto/frame.h"
#include "mailproto/tape.h"

#ifdef HAVE_DOVECOT
/* tape_dovecot.c: its headers and <stdbool.h> do not go together. */
void dovecot_start(void);
/* Reads `units` responses; returns how many tokens they have, counted only if `count` is not 0. */
unsigned long long dovecot_run(const unsigned char *data, size_t len, size_t units, int count);
#endif

typedef struct corpus {
    uint8_t *data;
    size_t len;
    size_t units;
} corpus;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static unsigned long long run_ours(corpus *c)
{
    mp_limits limits = mp_limits_client();
    mp_framer framer;
    mp_frame frame;
    mp_tape tape;
    mp_error err;
    unsigned long long tokens = 0;
    size_t at = 0;
    mp_framer_init(&framer, MP_SERVER_SENDS, &limits);
    mp_tape_init(&tape, mp_alloc_libc());
    c->units = 0;
    while (mp_framer_next(&framer, c->data + at, c->len - at, &frame, &err) == MP_OK) {
        if (mp_tape_build(&tape, c->data + at, 0, frame.len - 2, &limits, &err) != MP_OK)
            exit(2);
        tokens += tape.n;
        at += frame.len;
        c->units++;
    }
    mp_tape_free(&tape);
    return tokens;
}

int main(int argc, char **argv)
{
    corpus c = {0};
    FILE *file = argc == 3 ? fopen(argv[1], "rb") : NULL;
    if (!file)
        return 1;
    fseek(file, 0, SEEK_END);
    c.len = (size_t)ftell(file);
    rewind(file);
    c.data = calloc(1, c.len + MP_PADDING);
    if (!c.data || fread(c.data, 1, c.len, file) != c.len)
        return 1;
    fclose(file);
    unsigned long long tokens = run_ours(&c);
    double ours = 1e300;
#ifdef HAVE_DOVECOT
    dovecot_start();
    unsigned long long theirs = dovecot_run(c.data, c.len, c.units, 1);
    double dovecot = 1e300;
#endif
    for (int round = atoi(argv[2]); round > 0; round--) {
        double start = now();
        run_ours(&c);
        double spent = now() - start;
        ours = spent < ours ? spent : ours;
#ifdef HAVE_DOVECOT
        start = now();
        dovecot_run(c.data, c.len, c.units, 0);
        spent = now() - start;
        dovecot = spent < dovecot ? spent : dovecot;
#endif
    }
    printf("ours %.1f %llu\n", ours / (double)c.units, tokens);
#ifdef HAVE_DOVECOT
    printf("dovecot %.1f %llu\n", dovecot / (double)c.units, theirs);
#endif
    free(c.data);
    return 0;
}
