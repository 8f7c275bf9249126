/* The service manager that started bailey is told how far the program is: sd_notify(3), without its library. */
#ifndef BAILEY_LAUNCH_NOTIFY_H
#define BAILEY_LAUNCH_NOTIFY_H

#include "plan/plan.h"

/*
 * Which socket is to be told: `path` (of NOTIFY_SOCKET, or NULL), but none when the program is given the variable too and tells for
 * itself.
 */
const char *notify_socket(const char *path, const struct plan *plan);

/* Sends one assignment, such as "READY=1". Nothing happens for NULL; nor does anybody wait for a manager that does not read. */
void notify_send(const char *path, const char *text);

#endif
