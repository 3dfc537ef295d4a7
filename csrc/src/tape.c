#include "mailproto/tape.h"

#include "scan.h"
#include "token.h"

void mp_tape_init(mp_tape *t, mp_alloc alloc) { *t = (mp_tape){.alloc = alloc}; }

void mp_tape_free(mp_tape *t)
{
    t->alloc.free(t->alloc.ctx, t->tok);
    t->tok = NULL;
    t->n = t->capacity = 0;
}

static bool grow(mp_tape *t)
{
    size_t want = t->capacity ? (size_t)t->capacity * 2 : 64;
    if (want > UINT32_MAX)
        return false;
    mp_token *tok =
        t->alloc.realloc(t->alloc.ctx, t->tok, t->capacity * sizeof(mp_token), want * sizeof(mp_token));
    if (!tok)
        return false;
    t->tok = tok;
    t->capacity = (uint32_t)want;
    return true;
}

/* Open lists are chained through `next` until they close, so depth costs no memory of its own. */
#define NO_LIST UINT32_MAX

static void note(uint32_t *first, const uint8_t *unit, const uint8_t *at)
{
    if (*first == UINT32_MAX)
        *first = (uint32_t)(at - unit);
}

mp_status mp_tape_build(mp_tape *t, const uint8_t *unit, size_t from, size_t to, const mp_limits *limits, mp_error *err)
{
    const uint8_t *p = unit + from, *end = unit + to;
    uint32_t open = NO_LIST, depth = 0;
    /* What stands before the spaces: an open parenthesis, a closed one, another token or nothing. */
    enum { OPEN, CLOSED, OTHER, START } before = START;
    t->n = 0;
    t->extra_space = t->missing_space = UINT32_MAX;
    for (;;) {
        const uint8_t *spaces = p;
        while (p < end && *p == ' ')
            p++;
        if (p == end)
            break;
        if (p - spaces > (before != OPEN && *p != ')'))
            note(&t->extra_space, unit, spaces);
        if (*p == ')') {
            before = CLOSED;
            if (open == NO_LIST)
                return mp_fail(err, MP_E_SYNTAX, (size_t)(p - unit), "no \")\" here");
            mp_token *list = &t->tok[open];
            open = list->next;
            list->next = t->n;
            list->len = (uint32_t)(++p - unit) - list->off;
            depth--;
            continue;
        }
        if (p == spaces && (before == OTHER || (before == CLOSED && *p != '(')))
            note(&t->missing_space, unit, spaces);
        if (t->n >= limits->max_elements)
            return mp_fail_limit(err, (size_t)(p - unit), "max_elements");
        if (t->n == t->capacity && !grow(t))
            return mp_fail(err, MP_E_NOMEM, (size_t)(p - unit), "memory");
        mp_token *tok = &t->tok[t->n];
        if (*p == '(') {
            if (++depth > limits->max_depth)
                return mp_fail_limit(err, (size_t)(p - unit), "max_depth");
            *tok = (mp_token){.off = (uint32_t)(p - unit), .kind = MP_TOK_LIST, .next = open};
            open = t->n++;
            before = OPEN;
            p++;
            continue;
        }
        mp_status status = mp_lex_token(unit, &p, end, tok, err);
        if (status != MP_OK)
            return status;
        tok->next = ++t->n;
        before = OTHER;
    }
    if (open != NO_LIST)
        return mp_fail(err, MP_E_SYNTAX, (size_t)(p - unit), "\")\"");
    return MP_OK;
}
