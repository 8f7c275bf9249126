/* The sets of nftables, in the sandbox's network namespace, that hold the addresses of names which rules allow. */
#ifndef BAILEY_BASE_NAME_SET_H
#define BAILEY_BASE_NAME_SET_H

/* Of the table that has the rules.  A group is what rules for names have in common: protocol and ports. */
#define NAME_SET_TABLE "bailey"
#define NAME_SET_FORMAT "names%u_ipv%u" /* the group; 4 or 6 */

/*
 * With network.tls_name the rules send connections to these addresses to bailey-tls, at a port of the loopback that programs cannot take
 * (and that nobody else uses), and let those out that have this mark, which programs cannot give to theirs: SO_MARK of socket(7).
 */
enum { NAME_SET_PORT = 4, NAME_SET_MARK = 0xba117 };

enum { NAME_SET_TEXT = 32, NAME_SET_GROUPS = 32, NAME_SET_SIZE = 1024 };

#endif
