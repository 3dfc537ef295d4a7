/* Dovecot's IMAP parser over a file of responses: built where Debian's dovecot-dev is installed. */
#include "lib.h"

#include "imap-parser.h"
#include "istream.h"

void dovecot_start(void);
unsigned long long dovecot_run(const unsigned char *data, size_t len, size_t units, int count);

void dovecot_start(void) { lib_init(); }

static unsigned long long count_args(const struct imap_arg *args)
{
    unsigned long long n = 0;
    for (; !IMAP_ARG_IS_EOL(args); args++) {
        const struct imap_arg *list;
        n++;
        if (imap_arg_get_list(args, &list))
            n += count_args(list); /* the corpus is shallow */
    }
    return n;
}

unsigned long long dovecot_run(const unsigned char *data, size_t len, size_t units, int count)
{
    struct istream *input = i_stream_create_from_data(data, len);
    struct imap_parser *parser = imap_parser_create(input, NULL, SIZE_MAX, NULL);
    const struct imap_arg *args;
    unsigned long long tokens = 0;
    (void)i_stream_read(input);
    for (size_t i = 0; i < units; i++) {
        if (imap_parser_read_args(parser, 0, IMAP_PARSE_FLAG_ATOM_ALLCHARS, &args) < 0)
            i_fatal("dovecot: %s", imap_parser_get_error(parser, NULL));
        if (count != 0)
            tokens += count_args(args);
        i_stream_skip(input, 2); /* CRLF */
        imap_parser_reset(parser);
    }
    imap_parser_unref(&parser);
    i_stream_unref(&input);
    return tokens;
}
