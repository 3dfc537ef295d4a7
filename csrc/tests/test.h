/* A minimal check for the C unit tests: CHECK prints where it failed and goes on; RESULT() ends main. */
#ifndef MAILPROTO_TEST_H
#define MAILPROTO_TEST_H

#include <stdio.h>

static int test_failures;

#define CHECK(cond)                                                            \
    do {                                                                       \
        if (!(cond)) {                                                         \
            fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #cond); \
            test_failures++;                                                   \
        }                                                                      \
    } while (0)

#define RESULT() (test_failures ? (fprintf(stderr, "%d failed\n", test_failures), 1) : 0)

#endif
