/* Status responses: the text behind OK, NO, BAD, BYE, PREAUTH and "+", and the response code before it.
 *
 *     mp_status_text text;
 *     if (mp_read_resp_text(unit, &head, &text, &err) == MP_OK && text.code == MP_CODE_APPENDUID) ...
 *
 * One table holds the codes that are known, with the kind of their argument. A known code with an argument that does not
 * fit is MP_CODE_RAW with MP_DEFECT_BAD_CODE, so that nothing is lost.
 */
#ifndef MAILPROTO_IMAP_CODE_H
#define MAILPROTO_IMAP_CODE_H

#include "mailproto/imap_response.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum mp_code_kind {
    MP_CODE_NONE,        /* no code                                                                          */
    MP_CODE_RAW,         /* not one of those below: args holds the octets behind the name                    */
    MP_CODE_PLAIN,       /* ALERT and the like: no argument                                                  */
    MP_CODE_NUMBER,      /* UIDNEXT and the like: number                                                     */
    MP_CODE_ATOMS,       /* CAPABILITY: atoms in args                                                        */
    MP_CODE_FLAGS,       /* PERMANENTFLAGS: args is the list with its parentheses                            */
    MP_CODE_ASTRINGS,    /* BADCHARSET: args is the list with its parentheses, or empty                      */
    MP_CODE_APPENDUID,   /* number, set1                                                                     */
    MP_CODE_COPYUID,     /* number, set1, set2                                                               */
    MP_CODE_SET,         /* MODIFIED: set1                                                                   */
    MP_CODE_TEXT,        /* BADURL, REFERRAL: args is the text                                               */
    MP_CODE_STRING,      /* NOUPDATE, UNDEFINED-FILTER: string1                                              */
    MP_CODE_OBJECTID,    /* MAILBOXID: string1, an atom                                                      */
    MP_CODE_WORDS,       /* BADEVENT: args is the list of atoms with its parentheses                         */
    MP_CODE_MECHANISMS,  /* URLMECH: args is INTERNAL and atoms with ["=" base64]                            */
    MP_CODE_METADATA,    /* string1 is LONGENTRIES or MAXSIZE with number, TOOMANY or NOPRIVATE without      */
    MP_CODE_INPROGRESS,  /* string1 is the command's tag or NIL, number how much is done, number2 of how much */
    MP_CODE_MESSAGELIMIT, /* number, number2: the limit and, if it is set, a UID                              */
    MP_CODE_MAILBOXES    /* NEWNAME: string1, string2                                                        */
} mp_code_kind;

typedef struct mp_code {
    const char *name; /* in upper case                  */
    uint8_t len;
    uint8_t kind;     /* mp_code_kind                   */
    uint16_t rfc;     /* the RFC that defines it; 0: none */
} mp_code;

/* Row `index` of the table of known codes; NULL past the last. */
MP_API const mp_code *mp_code_at(size_t index);
/* The row for a name in any case; NULL where it is not known. */
MP_API const mp_code *mp_code_find(const uint8_t *name, size_t len);

typedef struct mp_status_text {
    uint8_t code; /* mp_code_kind */
    bool has_number, has_number2;
    mp_span name; /* of the code  */
    mp_span args;
    mp_span set1, set2;
    mp_text string1, string2;
    uint64_t number, number2;
    mp_span text; /* behind the code; may be empty */
    mp_defects defects;
} mp_status_text;

/* resp-text = ["[" resp-text-code "]" SP] [text]                                    RFC 9051 section 9 */
MP_API mp_status mp_read_resp_text(const uint8_t *unit, const mp_response_head *head, mp_status_text *out_r,
                                   mp_error *err);

#ifdef __cplusplus
}
#endif
#endif
