// A large block comes from the system and goes back to it (trim.go), which clears all of its pages each time: that takes longer than copying a list of 10,000
// publishers into it. So a few that were given back wait for the replies that follow, until memory is looked after.

#include "spare.h"

#include <stdlib.h>

enum {
	WAITING = 4,
	LEAST = (1 << 20) + 4096, // largeBytes, and what a reply is beside its body: who sends less does not have memory looked after
	MOST = 8 << 20,
	STEP = 256 << 10, // lists grow: a block has room for the next one, too
};

static ptz_spare *waiting[WAITING]; // whoever takes one out has it
static unsigned looks;              // calls of ptz_spare_free: nobody may come again for what was taken before the last one

void *ptz_spare_take(size_t size) {
	unsigned now = __atomic_load_n(&looks, __ATOMIC_RELAXED);
	if (size >= LEAST)
		size = (size + STEP - 1) / STEP * STEP;
	for (int i = 0; i < WAITING && size >= LEAST && size <= MOST; i++) {
		ptz_spare *block = __atomic_exchange_n(&waiting[i], NULL, __ATOMIC_ACQ_REL);
		if (block != NULL && block->size >= size && block->size <= size + size / 4) { // more would not be in the accounts
			block->looks = now;
			return block;
		}
		free(block); // of other replies
	}
	ptz_spare *block = malloc(size);
	if (block != NULL)
		*block = (ptz_spare){size, now};
	return block;
}

void ptz_spare_give(void *given) {
	ptz_spare *block = given;
	unsigned taken = block->looks;
	int keep = block->size >= LEAST && block->size <= MOST && __atomic_load_n(&looks, __ATOMIC_RELAXED) == taken;
	for (int i = 0; i < WAITING && keep; i++) {
		ptz_spare *none = NULL;
		if (!__atomic_compare_exchange_n(&waiting[i], &none, block, 0, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
			continue;
		if (__atomic_load_n(&looks, __ATOMIC_SEQ_CST) != taken) // just now, and maybe without this one
			free(__atomic_exchange_n(&waiting[i], NULL, __ATOMIC_SEQ_CST));
		return;
	}
	free(block);
}

int ptz_spare_free(void) {
	int freed = 0;
	__atomic_add_fetch(&looks, 1, __ATOMIC_SEQ_CST);
	for (int i = 0; i < WAITING; i++) {
		ptz_spare *block = __atomic_exchange_n(&waiting[i], NULL, __ATOMIC_SEQ_CST);
		freed += block != NULL;
		free(block);
	}
	return freed;
}
