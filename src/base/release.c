#include "base/release.h"

#include <elf.h>
#include <link.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

enum { PAGE = 4096 };

/* The linker's name for where the program's file begins in memory: ld(1). */
extern const char __ehdr_start[] __attribute__((visibility("hidden")));

__attribute__((noinline)) void release_stack(void)
{
	enum { SPAN = 64 * PAGE, OWN = 512 };
	char *frame = (char *)__builtin_frame_address(0) - OWN;
	frame -= (uintptr_t)frame % PAGE;
	(void)madvise(frame - SPAN, SPAN, MADV_DONTNEED); /* ENOMEM: not all of it was ever used, the rest is released */
}

void release_text(void)
{
	const char *begin = __ehdr_start;
	const ElfW(Ehdr) *file = (const void *)begin;
	const ElfW(Phdr) *segments = (const void *)(begin + file->e_phoff);
	uintptr_t shift = (uintptr_t)begin;
	for (size_t i = 0; i < file->e_phnum; i++)
		if (segments[i].p_type == PT_LOAD && segments[i].p_offset == 0)
			shift -= segments[i].p_vaddr;
	for (size_t i = 0; i < file->e_phnum; i++) {
		const ElfW(Phdr) *s = &segments[i];
		if (s->p_type != PT_LOAD || (s->p_flags & PF_W) != 0)
			continue; /* relocated tables are the process's own: they would be lost */
		uintptr_t first = (shift + s->p_vaddr) / PAGE * PAGE, last = shift + s->p_vaddr + s->p_memsz;
		(void)madvise((void *)first, last - first, MADV_DONTNEED); /* fails where pages are larger: they stay */
	}
}
