/* The names of commands, the fixed words inside them, and where in the grammar each word may stand. */
#include "command_scan.h"

#include "command_hash.h"

#include <string.h>

const char *const mp_word_texts[MP_WORD_TOTAL] = {
    "",
#define X(name, text) text,
    MP_WORDS(X)
#undef X
};

const uint8_t mp_word_lengths[MP_WORD_TOTAL] = {
    0,
#define X(name, text) sizeof text - 1,
    MP_WORDS(X)
#undef X
};

static const char *const command_texts[MP_COMMAND_COUNT] = {
#define X(name, text) text,
    MP_COMMANDS(X)
#undef X
};

static const uint8_t command_lengths[MP_COMMAND_COUNT] = {
#define X(name, text) sizeof text - 1,
    MP_COMMANDS(X)
#undef X
};

static const char *const defect_rows[MP_COMMAND_DEFECT_COUNT][3] = {
#define X(name, text, seen, reading) {text, seen, reading},
    MP_COMMAND_DEFECTS(X)
#undef X
};

const char *mp_word_text(mp_word word) { return (unsigned)word < MP_WORD_TOTAL ? mp_word_texts[word] : ""; }

const char *mp_command_text(mp_command_kind kind)
{
    return (unsigned)kind < MP_COMMAND_COUNT ? command_texts[kind] : "";
}

static const char *defect_text(unsigned bit, unsigned column)
{
    return bit < MP_COMMAND_DEFECT_COUNT ? defect_rows[bit][column] : "";
}

const char *mp_command_defect_name(unsigned bit) { return defect_text(bit, 0); }
const char *mp_command_defect_seen(unsigned bit) { return defect_text(bit, 1); }
const char *mp_command_defect_reading(unsigned bit) { return defect_text(bit, 2); }

enum {
    KEY = MP_WC_SEARCH_KEY,
    ATT = MP_WC_FETCH_ATT,
    RET = MP_WC_SEARCH_RETURN,
    SEL = MP_WC_LIST_SELECT,
    LRET = MP_WC_LIST_RETURN,
    STAT = MP_WC_STATUS_ATT,
    SORT = MP_WC_SORT_KEY,
    FILT = MP_WC_FILTER,
    EVENT = MP_WC_EVENT
};

const uint16_t mp_word_classes[MP_WORD_TOTAL] = {
    [MP_WORD_ALL] = KEY | ATT | RET | MP_WC_ENTRY_TYPE,
    [MP_WORD_ANSWERED] = KEY,
    [MP_WORD_DELETED] = KEY | STAT,
    [MP_WORD_DRAFT] = KEY,
    [MP_WORD_FLAGGED] = KEY,
    [MP_WORD_NEW] = KEY,
    [MP_WORD_OLD] = KEY,
    [MP_WORD_RECENT] = KEY | STAT,
    [MP_WORD_SEEN] = KEY,
    [MP_WORD_UNANSWERED] = KEY,
    [MP_WORD_SAVEDATESUPPORTED] = KEY,
    [MP_WORD_UNDELETED] = KEY,
    [MP_WORD_UNDRAFT] = KEY,
    [MP_WORD_UNFLAGGED] = KEY,
    [MP_WORD_UNSEEN] = KEY | STAT,
    [MP_WORD_BCC] = KEY,
    [MP_WORD_BODY] = KEY | ATT,
    [MP_WORD_CC] = KEY | SORT,
    [MP_WORD_FROM] = KEY | SORT,
    [MP_WORD_SUBJECT] = KEY | SORT,
    [MP_WORD_TEXT] = KEY | MP_WC_SECTION_TEXT,
    [MP_WORD_X_GM_LABELS] = KEY | ATT | MP_WC_STORE_ATT,
    [MP_WORD_X_GM_RAW] = KEY,
    [MP_WORD_TO] = KEY | SORT,
    [MP_WORD_BEFORE] = KEY,
    [MP_WORD_ON] = KEY,
    [MP_WORD_SAVEDBEFORE] = KEY,
    [MP_WORD_SAVEDON] = KEY,
    [MP_WORD_SAVEDSINCE] = KEY,
    [MP_WORD_SINCE] = KEY,
    [MP_WORD_SENTBEFORE] = KEY,
    [MP_WORD_SENTON] = KEY,
    [MP_WORD_SENTSINCE] = KEY,
    [MP_WORD_LARGER] = KEY,
    [MP_WORD_SMALLER] = KEY,
    [MP_WORD_OLDER] = KEY,
    [MP_WORD_YOUNGER] = KEY,
    [MP_WORD_HEADER] = KEY | MP_WC_SECTION_TEXT,
    [MP_WORD_KEYWORD] = KEY,
    [MP_WORD_UNKEYWORD] = KEY,
    [MP_WORD_MODSEQ] = KEY | ATT,
    [MP_WORD_UID] = KEY | ATT,
    [MP_WORD_EMAILID] = KEY | ATT,
    [MP_WORD_THREADID] = KEY | ATT,
    [MP_WORD_X_GM_MSGID] = KEY | ATT,
    [MP_WORD_X_GM_THRID] = KEY | ATT,
    [MP_WORD_FILTER] = KEY,
    [MP_WORD_FUZZY] = KEY,
    [MP_WORD_NOT] = KEY,
    [MP_WORD_OR] = KEY,
    [MP_WORD_FLAGS] = ATT | MP_WC_STORE_ATT,
    [MP_WORD_INTERNALDATE] = ATT,
    [MP_WORD_RFC822] = ATT,
    [MP_WORD_RFC822_SIZE] = ATT,
    [MP_WORD_RFC822_HEADER] = ATT,
    [MP_WORD_RFC822_TEXT] = ATT,
    [MP_WORD_ENVELOPE] = ATT,
    [MP_WORD_BODYSTRUCTURE] = ATT,
    [MP_WORD_FAST] = ATT,
    [MP_WORD_FULL] = ATT,
    [MP_WORD_BODY_PEEK] = ATT,
    [MP_WORD_BINARY] = ATT,
    [MP_WORD_BINARY_PEEK] = ATT,
    [MP_WORD_BINARY_SIZE] = ATT,
    [MP_WORD_PREVIEW] = ATT,
    [MP_WORD_SAVEDATE] = ATT,
    [MP_WORD_OBJECTID] = ATT,
    [MP_WORD_HEADER_FIELDS] = MP_WC_SECTION_TEXT,
    [MP_WORD_HEADER_FIELDS_NOT] = MP_WC_SECTION_TEXT,
    [MP_WORD_MIME] = MP_WC_SECTION_TEXT,
    [MP_WORD_MIN] = RET,
    [MP_WORD_MAX] = RET,
    [MP_WORD_COUNT] = RET,
    [MP_WORD_SAVE] = RET,
    [MP_WORD_PARTIAL] = RET | MP_WC_FETCH_MODIFIER,
    [MP_WORD_CONTEXT] = RET,
    [MP_WORD_UPDATE] = RET,
    [MP_WORD_RELEVANCY] = RET | SORT,
    [MP_WORD_SUBSCRIBED] = SEL | LRET | FILT,
    [MP_WORD_REMOTE] = SEL,
    [MP_WORD_RECURSIVEMATCH] = SEL,
    [MP_WORD_SPECIAL_USE] = SEL | LRET,
    [MP_WORD_CHILDREN] = LRET,
    [MP_WORD_MYRIGHTS] = LRET,
    [MP_WORD_STATUS] = LRET,
    [MP_WORD_METADATA] = LRET,
    [MP_WORD_CHANGEDSINCE] = MP_WC_FETCH_MODIFIER,
    [MP_WORD_VANISHED] = MP_WC_FETCH_MODIFIER,
    [MP_WORD_FLAGS_SILENT] = MP_WC_STORE_ATT,
    [MP_WORD_X_GM_LABELS_SILENT] = MP_WC_STORE_ATT,
    [MP_WORD_ARRIVAL] = SORT,
    [MP_WORD_DATE] = SORT,
    [MP_WORD_DISPLAYFROM] = SORT,
    [MP_WORD_DISPLAYTO] = SORT,
    [MP_WORD_SELECTED] = FILT,
    [MP_WORD_SELECTED_DELAYED] = FILT,
    [MP_WORD_INBOXES] = FILT,
    [MP_WORD_PERSONAL] = FILT,
    [MP_WORD_SUBTREE] = FILT,
    [MP_WORD_SUBTREE_ONE] = FILT,
    [MP_WORD_MAILBOXES] = FILT,
    [MP_WORD_MESSAGENEW] = EVENT,
    [MP_WORD_MESSAGEEXPUNGE] = EVENT,
    [MP_WORD_FLAGCHANGE] = EVENT,
    [MP_WORD_ANNOTATIONCHANGE] = EVENT,
    [MP_WORD_MAILBOXNAME] = EVENT,
    [MP_WORD_SUBSCRIPTIONCHANGE] = EVENT,
    [MP_WORD_MAILBOXMETADATACHANGE] = EVENT,
    [MP_WORD_SERVERMETADATACHANGE] = EVENT,
    [MP_WORD_PRIV] = MP_WC_ENTRY_TYPE,
    [MP_WORD_SHARED] = MP_WC_ENTRY_TYPE,
    [MP_WORD_MESSAGES] = STAT,
    [MP_WORD_UIDNEXT] = STAT,
    [MP_WORD_UIDVALIDITY] = STAT,
    [MP_WORD_HIGHESTMODSEQ] = STAT,
    [MP_WORD_SIZE] = SORT | STAT,
    [MP_WORD_APPENDLIMIT] = STAT,
    [MP_WORD_MAILBOXID] = STAT,
};

/* Octets of p that are not those of text. Of what the names here are made of, letters alone have bit 6: where it is set,
 * bit 5 tells only the case. */
static uint64_t differ(uint64_t p, uint64_t text)
{
    return (p ^ text) & ~((text & UINT64_C(0x4040404040404040)) >> 1);
}

static uint64_t eight(const void *p)
{
    uint64_t word;
    memcpy(&word, p, 8);
    return word;
}

static uint64_t four(const void *p)
{
    uint32_t word;
    memcpy(&word, p, 4);
    return word;
}

/* Whether the octets are a name's, in any case: eight or four at a time, the last ones perhaps twice. */
static bool same_text(const uint8_t *p, const char *text, size_t len)
{
    uint64_t found = 0;
    size_t i = 0;
    if (len >= 8) {
        for (; i + 8 < len; i += 8)
            found |= differ(eight(p + i), eight(text + i));
        return (found | differ(eight(p + len - 8), eight(text + len - 8))) == 0;
    }
    if (len >= 4)
        return (differ(four(p), four(text)) | differ(four(p + len - 4), four(text + len - 4))) == 0;
    for (; i < len; i++)
        found |= differ(p[i], (uint8_t)text[i]);
    return found == 0;
}

bool mp_cs_same_word(const uint8_t *p, size_t len, mp_word word)
{
    return mp_word_lengths[word] == len && same_text(p, mp_word_texts[word], len);
}

static size_t hash_of(const uint8_t *text, size_t len, unsigned first, unsigned last)
{
    return len * 7 + (text[0] & 0xdfu) * first + (text[len / 2] & 0xdfu) * 5 + (text[len - 1] & 0xdfu) * last;
}

mp_word mp_word_find(const uint8_t *text, size_t len)
{
    if (len == 0)
        return MP_WORD_NONE;
    size_t at = hash_of(text, len, WORD_FIRST, WORD_LAST) % WORD_SLOTS;
    for (; word_slots[at]; at = (at + 1) % WORD_SLOTS) {
        if (mp_cs_same_word(text, len, (mp_word)word_slots[at]))
            return (mp_word)word_slots[at];
    }
    return MP_WORD_NONE;
}

mp_command_kind mp_command_find(const uint8_t *text, size_t len)
{
    if (len == 0)
        return MP_COMMAND_UNKNOWN;
    size_t at = hash_of(text, len, NAME_FIRST, NAME_LAST) % NAME_SLOTS;
    for (; name_slots[at]; at = (at + 1) % NAME_SLOTS) {
        unsigned kind = name_slots[at] - 1u;
        if (command_lengths[kind] == len && same_text(text, command_texts[kind], len))
            return (mp_command_kind)kind;
    }
    return MP_COMMAND_UNKNOWN;
}
