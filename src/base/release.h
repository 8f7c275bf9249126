/*
 * Memory that a process will hardly need again, given back to the kernel: for those that wait as long as a sandbox lasts.  Raw calls
 * only, and nothing is lost: what is used after all comes back by itself.
 */
#ifndef BAILEY_BASE_RELEASE_H
#define BAILEY_BASE_RELEASE_H

/* The pages of the stack below the caller's, which deeper calls have filled. */
void release_stack(void);

/*
 * The pages of the program's own text and constants that are mapped now.  The kernel maps 64 KiB of the file at each fault, so that
 * starting a sandbox leaves nearly all of it in the page tables (madvise(2), MADV_DONTNEED on a private mapping of a file that was
 * never written to).
 */
void release_text(void);

#endif
