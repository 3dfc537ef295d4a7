/* What servers get wrong and is read all the same: the one table of it.
 *
 * A reader that mends something leaves a bit in its mp_defects; a strict one refuses the first that it meets. Each row:
 *
 *     X(NAME, "name", "who sends it", "what is wrong, and what is read instead")
 *
 * gives the enumerator MP_DEFECT_NAME, a bit, and the texts of mp_defect_name, mp_defect_seen and mp_defect_reading.
 * Names are part of the public interface; a new row goes to the end. What the grammar allows is no defect, however odd it
 * looks: commands and items in lower case, \* among the permanent flags, groups and NIL hosts in addresses.
 */
#ifndef MAILPROTO_DEFECTS_H
#define MAILPROTO_DEFECTS_H

#include "mailproto/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* clang-format off */
#define MP_DEFECT_TABLE(X) \
    X(BARE_LF, "bare-lf", "small servers, hand-written ones and logs", \
      "a line ends in LF alone; read as CRLF") \
    X(TRAILING_SPACE, "trailing-space", "Exchange; after `* SEARCH` several", \
      "spaces before the end of the line; left out") \
    X(EXTRA_SPACE, "extra-space", "QQ, 163 and 126 before `)`; Domino between fields", \
      "more spaces than the grammar has; one, or none, is read") \
    X(MISSING_SPACE, "missing-space", "iCloud, between the items of a FETCH", \
      "no space between two values; read as if there were one") \
    X(MISSING_TEXT, "missing-text", "Exchange, Gmail", \
      "a status line without the text behind its status or code; the text is empty") \
    X(NIL_STRING, "nil-for-string", "Exchange, mail.ru (`\"boundary\" NIL`)", \
      "NIL where the grammar wants a string; None, or empty where a field must have one") \
    X(EIGHT_BIT, "8-bit", "Courier and other older servers in mailbox names and headers", \
      "an octet of 0x80 or more in an atom, or one that is not UTF-8 in a quoted string; the bytes are kept") \
    X(ATOM_STRING, "atom-for-string", "hMailServer, ProtonMail Bridge (ID), Courier", \
      "an atom where the grammar wants a string, or one with octets that no atom has; its octets are the string") \
    X(BAD_UID, "bad-uid", "servers that overflow or have lost a message's UID", \
      "a UID of 0, below it or over 2^32 - 1 in a FETCH; None") \
    X(ZERO_SEQ, "zero-seq", "servers that count from 0 for a message that is gone", \
      "FETCH of message 0; seq is 0") \
    X(ZERO_MODSEQ, "zero-modseq", "servers without CONDSTORE that send the item all the same", \
      "MODSEQ (0) in a FETCH; 0") \
    X(BAD_NUMBER, "bad-number", "mail.ru (a size of 1.86931e+06); servers that print -1 or NIL", \
      "no number where one must be, or one out of its range; the value of a decimal in scientific form, the number, else " \
      "none, or 0 in a body") \
    X(BAD_DATE, "bad-date", "gateways that pass on the Date of the message; servers that print a day of one digit alone", \
      "no date-time, or one that is not written as it must be; None where it cannot be told") \
    X(BAD_ENVELOPE, "bad-envelope", "any server with a message that broke its own parser", \
      "an ENVELOPE that cannot be read; None, and the bytes in raw") \
    X(BAD_BODY, "bad-body-structure", "any server with a message that broke its own parser", \
      "a BODY or BODYSTRUCTURE that cannot be read; None, and the bytes in raw") \
    X(MISSING_STATUS, "missing-status", "Exchange (`* [COPYUID ...`)", \
      "a response code without OK before it; read as an untagged OK") \
    X(BAD_CODE, "bad-code", "servers with a list left out of PERMANENTFLAGS or names for numbers", \
      "a known response code with an argument of another kind, or a code whose name is no atom; the argument's bytes") \
    X(UNCLOSED_CODE, "unclosed-code", "servers that cut long lines; codes of their own that quote a `]`", \
      "`[` without `]`, and all of it is text; or one whose first `]` is inside a string, behind which it ends") \
    X(NIL_ADDRESS, "nil-address", "Exchange, Domino", \
      "NIL in the place of an address in a list; left out") \
    X(EMPTY_MULTIPART, "empty-multipart", "Gmail (`(\"ALTERNATIVE\")`)", \
      "a multipart without parts; its subtype, and no parts") \
    X(MISSING_SUBTYPE, "missing-subtype", "Exchange (`\"X-ZIP\" (...)`), others for `Content-Type: text`", \
      "a body with a type alone; the subtype is empty") \
    X(NUL, "nul", "servers that pass on a header with an octet 0", \
      "an octet 0 in the text of a status line; U+FFFD in its place") \
    X(BAD_FLAG, "bad-flag", "servers that quote flags or list \\* among those of a message", \
      "a flag that is no atom; as it came where it can be sent back, without its quotes where it then can, else left out") \
    X(BAD_VALUE, "bad-value", "old Courier (`\"\"` for NIL), hMailServer", \
      "a known item with a value that its grammar does not have; the value if it is of its kind, NIL for an empty string, " \
      "else a generic tree") \
    X(REPEATED, "repeated-item", "Domino, gateways that merge two answers", \
      "an item twice in a row; the last one counts") \
    X(BARE_CR, "bare-cr", "servers that put a message's text into their answer", \
      "a CR or LF inside the text of a status line; U+FFFD in its place") \
    X(UNESCAPED_QUOTE, "unescaped-quote", "Yahoo, QQ, iCloud and Zhipin's JavaMail in Message-IDs and names", \
      "a quote inside a quoted string without its backslash; part of the string") \
    X(UNBALANCED, "unbalanced-parenthesis", "Domino (an item in parentheses of its own), QQ (one `)` too many or too few)", \
      "a parenthesis too many or missing; read as if they were in balance") \
    X(BAD_ITEM, "bad-item", "any server with a message that broke its own parser", \
      "an item of a FETCH without a value, or one that does not end; left out, with what cannot be told from it") \
    X(SHORT_ENVELOPE, "short-envelope", "QQ and its clones", \
      "an ENVELOPE of less than ten fields; those behind are None") \
    X(BAD_SECTION, "bad-section", "servers that echo what a client has asked for, right or wrong", \
      "BODY[...] or BINARY[...] with a section that is none; its name as it came")
/* clang-format on */

enum {
#define X(NAME, name, seen, reading) MP_DEFECT_BIT_##NAME,
    MP_DEFECT_TABLE(X)
#undef X
    MP_DEFECT_COUNT
};

enum {
#define X(NAME, name, seen, reading) MP_DEFECT_##NAME = 1 << MP_DEFECT_BIT_##NAME,
    MP_DEFECT_TABLE(X)
#undef X
    MP_DEFECT_NONE = 0
};

/* The texts of the row for bit number `bit`; NULL past the last. */
MP_API const char *mp_defect_name(unsigned bit);    /* such as "bare-lf"                        */
MP_API const char *mp_defect_seen(unsigned bit);    /* who is known for it                      */
MP_API const char *mp_defect_reading(unsigned bit); /* what is wrong, and what is read instead  */

/* Which of them were met, and where the first one was. All zero: none. */
typedef struct mp_defects {
    uint32_t bits;  /* MP_DEFECT_*                                                       */
    uint32_t first; /* the one that was met first                                        */
    uint32_t at;    /* its offset, octets from the start of what the function was given  */
} mp_defects;

static inline void mp_defect(mp_defects *d, uint32_t bit, size_t at)
{
    if (!d->bits) {
        d->first = bit;
        d->at = (uint32_t)at;
    }
    d->bits |= bit;
}

/* Takes over what was met in a part that starts at `offset`. */
static inline void mp_defects_join(mp_defects *d, const mp_defects *part, size_t offset)
{
    if (part->bits && !d->bits) {
        d->first = part->first;
        d->at = part->at + (uint32_t)offset;
    }
    d->bits |= part->bits;
}

#ifdef __cplusplus
}
#endif
#endif
