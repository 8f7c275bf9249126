/* Another name for a sandbox that runs. Its launcher finds its own directory by the descriptor it holds, whatever that is called. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/path.h"
#include "state/internal.h"

/* The directory has its new name; the description follows. Whoever lists them goes by the directory. */
static int describe_again(int place, const char *name, const struct state_record *r, struct err *e)
{
	int directory = openat(place, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (directory < 0)
		return err_set(e, errno, "cannot open what is known of %s", name);
	struct state_record renamed = *r;
	renamed.name = name;
	const struct state_entry entry = { .place = place, .directory = directory };
	int code = state_write(&entry, &renamed, e);
	(void)close(directory);
	return code;
}

int state_rename(struct state_sandbox *sandbox, struct arena *a, const char *name, struct err *e)
{
	enum { NO_REPLACE = 1 };
	int lock = state_change(sandbox, a, e);
	if (lock < 0)
		return lock;
	int place = open(path_parent(a, sandbox->path), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int code = place < 0 ? -errno : 0;
	if (code == 0 && syscall(SYS_renameat2, place, path_base(sandbox->path), place, name, NO_REPLACE) < 0)
		code = -errno;
	const struct state_record taken = { .name = name };
	if (code == -EEXIST)
		(void)state_name_taken(&taken, e);
	else if (code < 0)
		(void)err_set(e, -code, "cannot rename the sandbox %s", sandbox->record.name);
	if (code == 0)
		code = describe_again(place, name, &sandbox->record, e);
	if (place >= 0)
		(void)close(place);
	(void)close(lock);
	return code;
}
