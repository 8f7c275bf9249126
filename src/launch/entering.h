/* A process that enters a running sandbox: forked by pid 1's second thread, so all that the program began with it has too. */
#ifndef BAILEY_LAUNCH_ENTERING_H
#define BAILEY_LAUNCH_ENTERING_H

/*
 * Reads what is asked for from the channel (entrance.h), starts that command as the template says and as pid 1 started the program,
 * and then stands in pid 1's place for it: the caller speaks to it over the channel as a launcher does to pid 1.  Not dumpable,
 * so nothing inside can look into it or trace it.  Does not return.
 */
_Noreturn void entering_main(int channel, int template);

#endif
