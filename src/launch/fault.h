/*
 * Places where the launch of a test build (make FAULT=yes) can be held, so that a test ends any of its processes right there.
 * In all other builds there is nothing of it: tests/system/install.bats looks.
 *
 * Each step of steps.def has its FAULT(ID), before what it does; the launcher has more of them between its steps.
 */
#ifndef BAILEY_LAUNCH_FAULT_H
#define BAILEY_LAUNCH_FAULT_H

#ifdef BAILEY_FAULT
/*
 * When the environment's BAILEY_FAULT is `at`: says "fault: AT PID" on standard error (the pid as the process itself sees it) and holds
 * the process until the file of BAILEY_FAULT_GO exists. Safe after clone3(2).
 */
void fault_hold(const char *at);
#define FAULT(at) fault_hold(#at)
#else
#define FAULT(at) ((void)0)
#endif

#endif
