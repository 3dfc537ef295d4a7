#define _POSIX_C_SOURCE 200809L
#include "input.h"

#include <errno.h>
#include <mailproto/base.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void input_free(input *in)
{
    free(in->data);
    *in = (input){0};
}

/* Room for one more octet at least, and the padding behind it that the library may look at. */
static int make_room(input *in)
{
    if (in->end < in->room)
        return 0;
    /* What was used up makes room first. Spans are offsets, so nothing is harmed when the unit moves. */
    if (in->start > in->room / 2) {
        memmove(in->data, in->data + in->start, in->end - in->start);
        in->end -= in->start;
        in->start = 0;
        return 0;
    }
    if (in->room > SIZE_MAX / 2 - MP_PADDING) {
        errno = ENOMEM;
        return -1;
    }
    size_t room = in->room ? 2 * in->room : 4096;
    uint8_t *data = realloc(in->data, room + MP_PADDING);
    if (data == NULL)
        return -1;
    memset(data + room, 0, MP_PADDING); /* any value will do, but it must have one */
    in->data = data;
    in->room = room;
    return 0;
}

input_status input_read(input *in, int fd)
{
    if (make_room(in) != 0)
        return INPUT_FAILED;
    ssize_t n;
    do
        n = read(fd, in->data + in->end, in->room - in->end);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return INPUT_FAILED;
    in->end += (size_t)n;
    return n ? INPUT_MORE : INPUT_END;
}
