// A large block comes from the system and goes back to it (trim.go), which clears all of its pages each time: that takes longer than copying a list of 10,000
// publishers into it. So a few that were given back wait for the replies that follow, until memory is looked after.

#include "spare.h"

#include <stdlib.h>

enum {
	WAITING = 4,
	LEAST = 1 << 20, // largeBytes: what is smaller the C library keeps by itself
	MOST = 8 << 20,
	STEP = 256 << 10, // lists grow: a block has room for the next one, too
};

static size_t *waiting[WAITING]; // whoever takes one out has it

void *ptz_spare_take(size_t size) {
	if (size >= LEAST)
		size = (size + STEP - 1) / STEP * STEP;
	for (int i = 0; i < WAITING && size >= LEAST && size <= MOST; i++) {
		size_t *block = __atomic_exchange_n(&waiting[i], NULL, __ATOMIC_ACQ_REL);
		if (block != NULL && *block >= size && *block <= 2 * size)
			return block;
		free(block); // of other replies
	}
	size_t *block = malloc(size);
	if (block != NULL)
		*block = size;
	return block;
}

void ptz_spare_give(void *given) {
	size_t *block = given;
	for (int i = 0; i < WAITING && *block >= LEAST && *block <= MOST; i++) {
		size_t *none = NULL;
		if (__atomic_compare_exchange_n(&waiting[i], &none, block, 0, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
			return;
	}
	free(block);
}

void ptz_spare_free(void) {
	for (int i = 0; i < WAITING; i++)
		free(__atomic_exchange_n(&waiting[i], NULL, __ATOMIC_ACQ_REL));
}
