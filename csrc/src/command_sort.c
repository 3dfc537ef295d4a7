/* SORT and THREAD (RFC 5256), ESORT (RFC 5267) and the ESEARCH command (RFC 7377): a search with something before
 * it. */
#include "command_scan.h"

/* search-criteria = charset 1*(SP search-key)                                      RFC 5256 section 5 */
static mp_status search_criteria(mp_command_scan *s)
{
    MP_TRY(mp_cs_sp(s));
    MP_TRY(mp_cs_text(s, "charset"));
    MP_TRY(mp_cs_sp(s));
    return mp_command_read_search_keys(s);
}

/* sort = ["UID" SP] "SORT" [SP search-return-opts] SP sort-criteria SP search-criteria
 * sort-criteria = "(" sort-criterion *(SP sort-criterion) ")"; sort-criterion = ["REVERSE" SP] sort-key
 * sort-key = "ARRIVAL" / "CC" / "DATE" / "FROM" / "SIZE" / "SUBJECT" / "TO" / "DISPLAYFROM" / "DISPLAYTO" /
 *     "RELEVANCY"         RFC 5256 section 5, RFC 5267 section 5, RFC 5957 section 4, RFC 6203 section 6 */
mp_status mp_command_read_sort(mp_command_scan *s)
{
    uint32_t list;
    mp_word word;
    MP_TRY(mp_cs_sp(s));
    MP_TRY(mp_command_read_return_opts(s));
    MP_TRY(mp_cs_char(s, '(', "sort-criteria"));
    MP_TRY(mp_cs_list_begin(s, &list));
    for (;;) {
        bool reverse = mp_cs_is(s, MP_WORD_REVERSE);
        if (reverse)
            MP_TRY(mp_cs_sp(s));
        MP_TRY(mp_cs_word(s, MP_WC_SORT_KEY, "sort-key", &word));
        MP_TRY(mp_cs_add_word(s, word));
        s->command->args[s->command->count - 1].number = reverse;
        if (*s->p != ' ')
            break;
        s->p++;
    }
    mp_cs_list_end(s, list);
    MP_TRY(mp_cs_char(s, ')', "sort-key or )"));
    return search_criteria(s);
}

/* thread = ["UID" SP] "THREAD" SP thread-alg SP search-criteria                    RFC 5256 section 5 */
mp_status mp_command_read_thread(mp_command_scan *s)
{
    MP_TRY(mp_cs_sp(s));
    MP_TRY(mp_cs_atom(s, MP_ARG_ATOM, "thread-alg"));
    return search_criteria(s);
}

/* esearch-source-opts = "IN" SP "(" source-mbox [SP "(" scope-options ")"] ")", behind the word
 * source-mbox = filter-mailboxes *(SP filter-mailboxes); scope-options = scope-option *(SP scope-option)
 *                                                                                  RFC 7377 section 4 */
static mp_status source_opts(mp_command_scan *s, uint32_t filters, uint32_t *scope_r)
{
    MP_TRY(mp_cs_sp(s));
    MP_TRY(mp_cs_char(s, '(', "source-mbox"));
    for (;;) {
        const uint8_t *from = s->p;
        uint32_t at = s->command->count;
        MP_TRY(mp_command_read_filter(s));
        if (s->command->args[at].word == MP_WORD_SELECTED_DELAYED) { /* RFC 7377 section 2.2 */
            s->p = from;
            return mp_cs_fail(s, "filter-mailboxes other than selected-delayed");
        }
        if (s->p[0] != ' ' || s->p[1] == '(')
            break;
        s->p++;
    }
    mp_cs_list_end(s, filters);
    MP_TRY(mp_cs_list_begin(s, scope_r));
    if (*s->p == ' ') {
        s->p += 2; /* SP "(" */
        MP_TRY(mp_cs_param(s, false));
        while (*s->p == ' ') {
            s->p++;
            MP_TRY(mp_cs_param(s, false));
        }
        mp_cs_list_end(s, *scope_r);
        MP_TRY(mp_cs_char(s, ')', "scope-option or )"));
    }
    MP_TRY(mp_cs_char(s, ')', "filter-mailboxes or )"));
    return mp_cs_sp(s);
}

/* esearch = "ESEARCH" [SP esearch-source-opts] [SP search-return-opts] SP search-program    RFC 7377 section 4 */
mp_status mp_command_read_esearch(mp_command_scan *s)
{
    uint32_t filters, scope;
    MP_TRY(mp_cs_sp(s));
    MP_TRY(mp_cs_list_begin(s, &filters));
    if (mp_cs_is(s, MP_WORD_IN))
        MP_TRY(source_opts(s, filters, &scope));
    else
        MP_TRY(mp_cs_list_begin(s, &scope));
    MP_TRY(mp_command_read_return_opts(s));
    return mp_command_read_search_program(s);
}
