// Blocks of memory for large replies.

#ifndef PTZ_SPARE_H
#define PTZ_SPARE_H

#include <stddef.h>

// What a block begins with, which must stay as it is.
typedef struct {
	size_t size;
	unsigned looks;
} ptz_spare;

// Returns a block of size bytes or somewhat more, or NULL where there is no memory.
void *ptz_spare_take(size_t size);
void ptz_spare_give(void *block);

// Frees all that wait, and returns how many. What is in use goes to the system when it is given.
int ptz_spare_free(void);

#endif
