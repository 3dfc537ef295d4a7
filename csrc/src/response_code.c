/* Status responses: RFC 9051 section 7.1, and the response codes of all extensions. */
#include "mailproto/imap_code.h"

#include <string.h>

#include "mailproto/imap_write.h"

#include "flag_list.h"
#include "scan.h"
#include "token.h"
#include "values.h"

#define AT(p) ((uint32_t)((p) - unit))

#define CODE(word, kind, rfc) {word, sizeof(word) - 1, kind, rfc}

/* resp-text-code of each RFC; those that come with every SELECT or STORE first. */
static const mp_code codes[] = {
    CODE("CAPABILITY", MP_CODE_ATOMS, 9051),
    CODE("PERMANENTFLAGS", MP_CODE_FLAGS, 9051),
    CODE("UIDNEXT", MP_CODE_NUMBER, 9051),
    CODE("UIDVALIDITY", MP_CODE_NUMBER, 9051),
    CODE("UNSEEN", MP_CODE_NUMBER, 3501),
    CODE("HIGHESTMODSEQ", MP_CODE_NUMBER, 7162),
    CODE("READ-ONLY", MP_CODE_PLAIN, 9051),
    CODE("READ-WRITE", MP_CODE_PLAIN, 9051),
    CODE("APPENDUID", MP_CODE_APPENDUID, 4315),
    CODE("COPYUID", MP_CODE_COPYUID, 4315),
    CODE("MODIFIED", MP_CODE_SET, 7162),
    CODE("CLOSED", MP_CODE_PLAIN, 7162),
    CODE("NOMODSEQ", MP_CODE_PLAIN, 7162),
    CODE("MAILBOXID", MP_CODE_OBJECTID, 8474),
    CODE("ALERT", MP_CODE_PLAIN, 9051),
    CODE("BADCHARSET", MP_CODE_ASTRINGS, 9051),
    CODE("PARSE", MP_CODE_PLAIN, 9051),
    CODE("TRYCREATE", MP_CODE_PLAIN, 9051),
    CODE("UIDNOTSTICKY", MP_CODE_PLAIN, 4315),
    CODE("NEWNAME", MP_CODE_MAILBOXES, 2060),
    CODE("REFERRAL", MP_CODE_TEXT, 2221),
    CODE("UNKNOWN-CTE", MP_CODE_PLAIN, 3516),
    CODE("URLMECH", MP_CODE_MECHANISMS, 4467),
    CODE("BADURL", MP_CODE_TEXT, 4469),
    CODE("TOOBIG", MP_CODE_PLAIN, 4469),
    CODE("COMPRESSIONACTIVE", MP_CODE_PLAIN, 4978),
    CODE("NOTSAVED", MP_CODE_PLAIN, 5182),
    CODE("BADCOMPARATOR", MP_CODE_PLAIN, 5255),
    CODE("NOUPDATE", MP_CODE_STRING, 5267),
    CODE("METADATA", MP_CODE_METADATA, 5464),
    CODE("NOTIFICATIONOVERFLOW", MP_CODE_PLAIN, 5465),
    CODE("BADEVENT", MP_CODE_WORDS, 5465),
    CODE("UNDEFINED-FILTER", MP_CODE_STRING, 5466),
    CODE("UNAVAILABLE", MP_CODE_PLAIN, 5530),
    CODE("AUTHENTICATIONFAILED", MP_CODE_PLAIN, 5530),
    CODE("AUTHORIZATIONFAILED", MP_CODE_PLAIN, 5530),
    CODE("EXPIRED", MP_CODE_PLAIN, 5530),
    CODE("PRIVACYREQUIRED", MP_CODE_PLAIN, 5530),
    CODE("CONTACTADMIN", MP_CODE_PLAIN, 5530),
    CODE("NOPERM", MP_CODE_PLAIN, 5530),
    CODE("INUSE", MP_CODE_PLAIN, 5530),
    CODE("EXPUNGEISSUED", MP_CODE_PLAIN, 5530),
    CODE("CORRUPTION", MP_CODE_PLAIN, 5530),
    CODE("SERVERBUG", MP_CODE_PLAIN, 5530),
    CODE("CLIENTBUG", MP_CODE_PLAIN, 5530),
    CODE("CANNOT", MP_CODE_PLAIN, 5530),
    CODE("LIMIT", MP_CODE_PLAIN, 5530),
    CODE("OVERQUOTA", MP_CODE_PLAIN, 5530),
    CODE("ALREADYEXISTS", MP_CODE_PLAIN, 5530),
    CODE("NONEXISTENT", MP_CODE_PLAIN, 5530),
    CODE("USEATTR", MP_CODE_PLAIN, 6154),
    CODE("HASCHILDREN", MP_CODE_PLAIN, 9051),
    CODE("INPROGRESS", MP_CODE_INPROGRESS, 9585),
    CODE("UIDREQUIRED", MP_CODE_PLAIN, 9586),
    CODE("MESSAGELIMIT", MP_CODE_MESSAGELIMIT, 9738),
    CODE("TOOSMALL", MP_CODE_PLAIN, 10022),
};

const mp_code *mp_code_at(size_t index) { return index < sizeof codes / sizeof *codes ? &codes[index] : NULL; }

const mp_code *mp_code_find(const uint8_t *name, size_t len)
{
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (codes[i].len == len && mp_is_word(name, len, codes[i].name, len))
            return &codes[i];
    return NULL;
}

/* ---- arguments ------------------------------------------------------------------------------------------ */

static bool is_set(const uint8_t *p, size_t len)
{
    bool digit = false;
    for (size_t i = 0; i < len; i++) {
        if (mp_char_class[p[i]] & MP_C_DIGIT)
            digit = true;
        else if (p[i] == '*')
            digit = true;
        else if ((p[i] == ':' || p[i] == ',') && digit)
            digit = false;
        else
            return false;
    }
    return digit;
}

/* "(" ... ")" with nothing behind it */
static bool is_list(const uint8_t *p, size_t len) { return len >= 2 && p[0] == '(' && p[len - 1] == ')'; }

static bool flat(const uint8_t *p, size_t len)
{
    for (size_t i = 1; i + 1 < len; i++)
        if (p[i] == '(' || p[i] == ')')
            return false;
    return true;
}

/* The argument as it is read, one value after the other. */
typedef struct args {
    const uint8_t *unit;
    uint32_t at, end;
    uint32_t start; /* of the argument, or of the list in it */
    mp_defects *defects;
} args;

/* Passes spaces: one between two values, none at the ends of the argument or of a list. */
static void pass_spaces(args *a)
{
    uint32_t from = a->at;
    while (a->at < a->end && a->unit[a->at] == ' ')
        a->at++;
    uint32_t wanted = from != a->start && a->at < a->end;
    if (a->at - from != wanted)
        mp_defect(a->defects, a->at - from > wanted ? MP_DEFECT_EXTRA_SPACE : MP_DEFECT_MISSING_SPACE, from);
}

/* An atom or string: NIL is MP_TEXT_NIL. */
static bool read_text(args *a, mp_text *out_r)
{
    mp_token tok;
    mp_error ignored;
    pass_spaces(a);
    const uint8_t *p = a->unit + a->at;
    if (a->at == a->end || *p == '(' || *p == ')' ||
        mp_lex_token(a->unit, &p, a->unit + a->end, &tok, &ignored) != MP_OK || tok.kind > MP_TOK_QUOTED_ESC)
        return false;
    a->at = (uint32_t)(p - a->unit);
    *out_r = mp_text_of(&tok);
    if (tok.kind == MP_TOK_ATOM && MP_IS(a->unit + tok.off, tok.len, "NIL"))
        *out_r = (mp_text){{tok.off, 0}, MP_TEXT_NIL, 0};
    return true;
}

static bool read_uint(args *a, uint64_t max, uint64_t *out_r)
{
    mp_text word;
    return read_text(a, &word) && word.kind == MP_TEXT_ATOM &&
           mp_parse_number(a->unit + word.span.off, word.span.len, max, out_r);
}

/* A number, or NIL: then *has_r is false. */
static bool read_uint_or_nil(args *a, uint64_t *out_r, bool *has_r)
{
    mp_text word;
    *has_r = false;
    if (!read_text(a, &word))
        return false;
    if (word.kind == MP_TEXT_NIL)
        return true;
    *has_r = true;
    return word.kind == MP_TEXT_ATOM && mp_parse_number(a->unit + word.span.off, word.span.len, INT64_MAX, out_r);
}

static bool at_end(args *a)
{
    pass_spaces(a);
    return a->at == a->end;
}

/* Steps into the parentheses around all of it; false where there are none. */
static bool enter_list(args *a)
{
    if (!is_list(a->unit + a->at, a->end - a->at))
        return false;
    a->start = ++a->at;
    a->end--;
    return true;
}

/* uid-set = (uniqueid / uid-range) *("," uid-set)                                   RFC 4315 section 4
 * How many UIDs it has goes to *size_r. */
static bool read_uid_set(args *a, mp_span *set_r, uint64_t *size_r)
{
    mp_text word;
    if (!read_text(a, &word) || word.kind != MP_TEXT_ATOM)
        return false;
    *set_r = word.span;
    *size_r = 0;
    const uint8_t *p = a->unit + word.span.off, *end = p + word.span.len;
    for (;; p++) {
        uint64_t ends[2];
        unsigned n = 0;
        do {
            const uint8_t *digits = n ? ++p : p;
            while (p < end && (mp_char_class[*p] & MP_C_DIGIT))
                p++;
            if (!mp_parse_number(digits, (size_t)(p - digits), UINT32_MAX, &ends[n]) || ends[n] == 0)
                return false;
        } while (++n < 2 && p < end && *p == ':');
        *size_r += n < 2 ? 1 : ends[0] < ends[1] ? ends[1] - ends[0] + 1 : ends[0] - ends[1] + 1;
        if (p == end)
            return true;
        if (*p != ',')
            return false;
    }
}

/* "APPENDUID" SP nz-number SP append-uid; "COPYUID" SP nz-number SP uid-set SP uid-set  RFC 4315 section 4
 * The sets of the second say one for one what became what (section 3). */
static bool read_uids(args *a, mp_status_text *t)
{
    uint64_t size1 = 0, size2 = 0;
    if (!read_uint(a, UINT32_MAX, &t->number) || !read_uid_set(a, &t->set1, &size1) ||
        (t->code == MP_CODE_COPYUID && !read_uid_set(a, &t->set2, &size2)) || !at_end(a))
        return false;
    if (t->code == MP_CODE_COPYUID && size1 != size2)
        mp_defect(a->defects, MP_DEFECT_BAD_VALUE, t->set2.off);
    if (t->number == 0)
        mp_defect(a->defects, MP_DEFECT_BAD_NUMBER, t->args.off);
    return true;
}

/* "METADATA" SP ("LONGENTRIES" SP number / "MAXSIZE" SP number / "TOOMANY" / "NOPRIVATE")   RFC 5464 section 5 */
static bool read_metadata(args *a, mp_status_text *t)
{
    if (!read_text(a, &t->string1) || t->string1.kind != MP_TEXT_ATOM)
        return false;
    const uint8_t *word = a->unit + t->string1.span.off;
    size_t len = t->string1.span.len;
    if (MP_IS(word, len, "TOOMANY") || MP_IS(word, len, "NOPRIVATE"))
        return at_end(a);
    t->has_number = MP_IS(word, len, "LONGENTRIES") || MP_IS(word, len, "MAXSIZE");
    return t->has_number && read_uint(a, INT64_MAX, &t->number) && at_end(a);
}

/* "INPROGRESS" [SP "(" (quoted / nil) SP (number / nil) SP (number / nil) ")"]      RFC 9585 section 5 */
static bool read_inprogress(args *a, mp_status_text *t)
{
    if (at_end(a)) {
        t->string1.kind = MP_TEXT_NIL;
        return true;
    }
    if (!enter_list(a) || !read_text(a, &t->string1))
        return false;
    if (t->string1.kind == MP_TEXT_ATOM)
        mp_defect(a->defects, MP_DEFECT_ATOM_STRING, t->string1.span.off);
    return read_uint_or_nil(a, &t->number, &t->has_number) &&
           read_uint_or_nil(a, &t->number2, &t->has_number2) && at_end(a);
}

/* "MAILBOXID" SP "(" objectid ")"                                                   RFC 8474 section 7 */
static bool read_objectid(args *a, mp_status_text *t)
{
    uint32_t from = a->at;
    if (!enter_list(a))
        mp_defect(a->defects, MP_DEFECT_BAD_VALUE, from);
    if (!read_text(a, &t->string1) || !mp_is_objectid(a->unit + t->string1.span.off, t->string1.span.len) || !at_end(a))
        return false;
    if (t->string1.kind != MP_TEXT_ATOM)
        mp_defect(a->defects, MP_DEFECT_BAD_VALUE, t->string1.span.off);
    return true;
}

/* Words in a row; a list of them with its parentheses. At most one SP between two. */
static void check_words(args *a)
{
    const uint8_t *p = a->unit + a->at, *end = a->unit + a->end;
    if (p < end && *p == '(') {
        p++;
        end--;
    }
    for (const uint8_t *from = p; p < end; p++)
        if (*p == ' ' && (p == from || p + 1 == end || p[1] == ' '))
            mp_defect(a->defects, MP_DEFECT_EXTRA_SPACE, (size_t)(p - a->unit));
}

/* capability = ("AUTH=" auth-type) / atom                                            RFC 9051 section 9 */
static void check_atoms(args *a)
{
    check_words(a);
    if (a->at == a->end)
        mp_defect(a->defects, MP_DEFECT_BAD_VALUE, a->at);
    for (uint32_t i = a->at; i < a->end; i++)
        if (!(mp_char_class[a->unit[i]] & MP_C_ATOM_CHAR) && a->unit[i] != ' ' && a->unit[i] < 0x80) {
            mp_defect(a->defects, MP_DEFECT_BAD_VALUE, i);
            return;
        }
}

/* nz-number of 32 bits, but HIGHESTMODSEQ, which has 63                              RFC 9051 section 9, RFC 7162 */
static bool read_number(const uint8_t *unit, mp_status_text *t)
{
    const uint8_t *p = unit + t->args.off;
    if (!mp_parse_number(p, t->args.len, INT64_MAX, &t->number))
        return false;
    if (!MP_IS(unit + t->name.off, t->name.len, "HIGHESTMODSEQ") && (*p == '0' || t->number > UINT32_MAX))
        mp_defect(&t->defects, MP_DEFECT_BAD_NUMBER, t->args.off);
    return true;
}

/* "MESSAGELIMIT" SP nz-number [SP uniqueid]                                          RFC 9738 section 6 */
static bool read_message_limit(args *a, mp_status_text *t)
{
    if (!read_uint(a, UINT32_MAX, &t->number))
        return false;
    t->has_number2 = a->at < a->end;
    if (t->has_number2 && !read_uint(a, UINT32_MAX, &t->number2))
        return false;
    if (t->number == 0 || (t->has_number2 && t->number2 == 0))
        mp_defect(a->defects, MP_DEFECT_BAD_NUMBER, t->args.off);
    return at_end(a);
}

/* Fills the code's arguments; false where they do not fit. */
static bool read_code_args(const uint8_t *unit, mp_status_text *t)
{
    const uint8_t *p = unit + t->args.off;
    uint32_t at = t->args.off, end = t->args.off + t->args.len;
    args a = {unit, at, end, at, &t->defects};
    mp_span word;
    switch (t->code) {
    case MP_CODE_PLAIN:
        return t->args.len == 0;
    case MP_CODE_NUMBER:
        return read_number(unit, t);
    case MP_CODE_ATOMS:
        check_atoms(&a);
        return flat(p - 1, t->args.len + 2);
    case MP_CODE_FLAGS:
        if (!is_list(p, t->args.len) || !flat(p, t->args.len))
            return false;
        mp_check_flags(unit, t->args, MP_FLAG_PERM, &t->defects);
        return true;
    case MP_CODE_WORDS:
        check_words(&a);
        return is_list(p, t->args.len) && flat(p, t->args.len) && mp_next_word(unit, &at, end, &word);
    case MP_CODE_ASTRINGS:
        /* without parentheses: an example of RFC 9051 itself, in section 6.4.4, is so */
        if (t->args.len && (!is_list(p, t->args.len) || t->args.len == 2))
            mp_defect(&t->defects, MP_DEFECT_BAD_VALUE, t->args.off);
        return true;
    case MP_CODE_SET:
        t->set1 = t->args;
        return is_set(p, t->args.len);
    case MP_CODE_APPENDUID:
    case MP_CODE_COPYUID:
        return read_uids(&a, t);
    case MP_CODE_TEXT:
        return t->args.len > 0;
    case MP_CODE_STRING:
        return read_text(&a, &t->string1) && at_end(&a) && (t->string1.kind == MP_TEXT_QUOTED ||
               t->string1.kind == MP_TEXT_QUOTED_ESC || !MP_IS(unit + t->name.off, t->name.len, "NOUPDATE"));
    case MP_CODE_OBJECTID:
        return read_objectid(&a, t);
    case MP_CODE_MECHANISMS:
        check_words(&a);
        return mp_next_word(unit, &at, end, &word) && MP_IS(unit + word.off, word.len, "INTERNAL") &&
               flat(p - 1, t->args.len + 2);
    case MP_CODE_METADATA:
        return read_metadata(&a, t);
    case MP_CODE_INPROGRESS:
        return read_inprogress(&a, t);
    case MP_CODE_MESSAGELIMIT:
        return read_message_limit(&a, t);
    case MP_CODE_MAILBOXES:
        return read_text(&a, &t->string1) && read_text(&a, &t->string2) && at_end(&a);
    default:
        return true;
    }
}

/* Where the "]" of the code at p (behind "[") is; NULL if there is none. Only BADCHARSET may hold literals: everywhere
 * else resp-text-code ends at the first one (RFC 9051 section 9). One that is not the first leaves a defect, but in the few
 * codes whose argument is a string. */
static const uint8_t *code_end(const uint8_t *unit, const uint8_t *p, const uint8_t *end, mp_defects *defects)
{
    static const char badcharset[] = "BADCHARSET (";
    if ((size_t)(end - p) >= sizeof badcharset - 1 && mp_is_word(p, sizeof badcharset - 1, badcharset, sizeof badcharset - 1)) {
        const uint8_t *q = p + sizeof badcharset - 1;
        mp_token tok;
        mp_error ignored;
        while (q < end && *q != ')')
            if (*q == ' ')
                q++;
            else if (*q == '(' || mp_lex_token(unit, &q, end, &tok, &ignored) != MP_OK)
                break;
        if (q + 1 < end && *q == ')' && q[1] == ']')
            return q + 1;
    }
    /* Servers quote what their own codes have, "]" and all. Such a string counts where it is an argument: behind SP or "(",
     * and with SP, ")" or "]" behind it. */
    const uint8_t *first = memchr(p, ']', (size_t)(end - p)), *q = p;
    while (first && q < end && *q != ']') {
        mp_token tok;
        mp_error ignored;
        const uint8_t *behind = q;
        if (*q == '"' && (q[-1] == ' ' || q[-1] == '(') && mp_lex_token(unit, &behind, end, &tok, &ignored) == MP_OK &&
            behind < end && (*behind == ' ' || *behind == ')' || *behind == ']'))
            q = behind;
        else
            q++;
    }
    if (!first || q == end || q == first)
        return first;
    const uint8_t *name = p;
    while (*name != ' ' && *name != ']')
        name++;
    const mp_code *known = mp_code_find(p, (size_t)(name - p));
    if (!known || (known->kind != MP_CODE_STRING && known->kind != MP_CODE_MAILBOXES && known->kind != MP_CODE_INPROGRESS))
        mp_defect(defects, MP_DEFECT_UNCLOSED_CODE, AT(first));
    return q;
}

/* The code between "[" and "]". */
static void read_code(const uint8_t *unit, const uint8_t *p, const uint8_t *close, mp_status_text *t)
{
    const uint8_t *name = p;
    while (name < close && *name == ' ')
        name++;
    if (name != p)
        mp_defect(&t->defects, MP_DEFECT_EXTRA_SPACE, AT(p));
    p = name;
    while (p < close && *p != ' ')
        p++;
    t->name = (mp_span){AT(name), (uint32_t)(p - name)};
    const mp_code *known = mp_code_find(name, t->name.len);
    t->code = known ? known->kind : MP_CODE_RAW;
    if (!known && !mp_is_atom(name, t->name.len))
        mp_defect(&t->defects, MP_DEFECT_BAD_CODE, AT(name));
    const uint8_t *from = p, *until = close;
    while (p < close && *p == ' ')
        p++;
    while (close > p && close[-1] == ' ')
        close--;
    /* one SP; the argument of a code that is not known may begin and end in more */
    if (p == close ? p != from : known && (p - from > 1 || close != until))
        mp_defect(&t->defects, MP_DEFECT_EXTRA_SPACE, AT(from));
    t->args = (mp_span){AT(p), (uint32_t)(close - p)};
    if (!read_code_args(unit, t)) {
        t->code = MP_CODE_RAW;
        mp_defect(&t->defects, MP_DEFECT_BAD_CODE, t->args.off);
    }
}

mp_status mp_read_resp_text(const uint8_t *unit, const mp_response_head *head, mp_status_text *t, mp_error *err)
{
    memset(t, 0, sizeof *t);
    const uint8_t *p = unit + head->rest, *end = unit + head->end, *close, *octet;
    if (p < end && *p == ' ')
        p++;
    else /* behind a status, what is no SP is the "[" of its code */
        mp_defect(&t->defects, p < end ? MP_DEFECT_MISSING_SPACE : MP_DEFECT_MISSING_TEXT, AT(p));
    const uint8_t *code = mp_find_code(p, end);
    if (code && code != p && memchr(code, ']', (size_t)(end - code))) {
        mp_defect(&t->defects, MP_DEFECT_EXTRA_SPACE, AT(p));
        p = code;
    }
    if (p < end && *p == '[') {
        if (!(close = code_end(unit, p + 1, end, &t->defects)))
            mp_defect(&t->defects, MP_DEFECT_UNCLOSED_CODE, AT(p));
        else {
            read_code(unit, p + 1, close, t);
            p = close + 1;
            if (p < end && *p == ' ')
                p++;
            else
                mp_defect(&t->defects, p < end ? MP_DEFECT_MISSING_SPACE : MP_DEFECT_MISSING_TEXT, AT(p));
        }
    }
    t->text = (mp_span){AT(p), (uint32_t)(end - p)};
    if ((octet = memchr(p, 0, (size_t)(end - p))))
        mp_defect(&t->defects, MP_DEFECT_NUL, AT(octet));
    if ((octet = memchr(p, '\r', (size_t)(end - p))) || (octet = memchr(p, '\n', (size_t)(end - p))))
        mp_defect(&t->defects, MP_DEFECT_BARE_CR, AT(octet));
    (void)err;
    return MP_OK;
}
