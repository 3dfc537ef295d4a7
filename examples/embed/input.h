/* The octets from a file descriptor that have been read and not used up yet, in one piece. */
#ifndef INPUT_H
#define INPUT_H

#include <stddef.h>
#include <stdint.h>

typedef struct input {
    uint8_t *data;
    size_t start; /* of the current unit                    */
    size_t end;   /* behind the last octet that was read    */
    size_t room;  /* octets at data, MP_PADDING not counted */
} input;

typedef enum input_status { INPUT_MORE, INPUT_END, INPUT_FAILED } input_status;

/* Zero an input to make one. */
void input_free(input *in);

/* Waits for more octets and appends them; the current unit may move to the start of the memory. INPUT_FAILED: errno says
 * why. */
input_status input_read(input *in, int fd);

#endif
