#include "scan.h"

#define A MP_C_ATOM
#define Q MP_C_QUOTED
#define S MP_C_SKIP
#define D MP_C_DIGIT
#define QS (Q | S)
#define ALL (A | Q | S | MP_C_ATOM_CHAR)
#define DIG (ALL | D)
#define OUT (A | Q | S) /* in no atom, but in those of some servers */
#define X8(x) x, x, x, x, x, x, x, x
#define X16(x) X8(x), X8(x)

/* `{` belongs to no atom: it announces a literal. An octet of 0x80 or more is no grammar at all, but real
 * servers send them in atoms and quoted strings; whoever reads those decides. */
const uint8_t mp_char_class[256] = {
    /* 00 */ 0, QS, QS, QS, QS, QS, QS, QS, QS, QS, 0, QS, QS, 0, QS, QS,
    /* 10 */ X16(QS),
    /* 20 SP ! " # $ % & ' */ QS, ALL, 0, ALL, ALL, OUT, ALL, ALL,
    /* 28 ( ) * + , - . /  */ Q, Q, OUT, ALL, ALL, ALL, ALL, ALL,
    /* 30 */ DIG, DIG, DIG, DIG, DIG, DIG, DIG, DIG, DIG, DIG, ALL, ALL, ALL, ALL, ALL, ALL,
    /* 40 */ X16(ALL),
    /* 50 */ X8(ALL), ALL, ALL, ALL, ALL, A, OUT, ALL, ALL,
    /* 60 */ X16(ALL),
    /* 70 */ X8(ALL), ALL, ALL, ALL, Q, ALL, ALL, ALL, QS,
    /* 80 */ X16(A), X16(A), X16(A), X16(A), X16(A), X16(A), X16(A), X16(A),
};
