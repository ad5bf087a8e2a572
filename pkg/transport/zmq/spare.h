// Blocks of memory for large replies.

#ifndef PTZ_SPARE_H
#define PTZ_SPARE_H

#include <stddef.h>

// The first word of a block is its size, which must stay as it is. Returns NULL where there is no memory.
void *ptz_spare_take(size_t size);
void ptz_spare_give(void *block);

// Frees all that wait.
void ptz_spare_free(void);

#endif
