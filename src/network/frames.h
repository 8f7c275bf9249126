/*
 * Which Ethernet frames a sandbox may send: those with its own hardware address and its own IP addresses, as sender of IP packets, of
 * ARP and of IPv6's neighbour discovery.  A classic BPF program that the kernel runs on the host's side of the interface.
 */
#ifndef BAILEY_NETWORK_FRAMES_H
#define BAILEY_NETWORK_FRAMES_H

#include <linux/filter.h>
#include <stddef.h>

#include "base/subnet.h"

enum { FRAMES_MAX = 256, MAC_BYTES = 6, MAC_TEXT = 18 };

struct frames {
	struct sock_filter code[FRAMES_MAX];
	size_t count;
};

/*
 * The program for one interface; family 0 in `at`: it has no address of that family (IPv4, IPv6), and sends no such packets.  It returns 0 for
 * a frame that is not allowed, also for one that is too short to tell; all bits for others.
 */
void frames_allow(struct frames *ret, const unsigned char mac[MAC_BYTES], const struct subnet at[2]);

/* The address that IPv6 gives each interface of that hardware address: RFC 4291, appendix A. */
void frames_link_local(const unsigned char mac[MAC_BYTES], unsigned char ret[16]);

/* "02:00:00:00:00:05" and back. 0, or -EINVAL for what is not the address of one interface. */
int frames_mac_read(const char *text, unsigned char ret[MAC_BYTES]);
void frames_mac_text(const unsigned char mac[MAC_BYTES], char ret[MAC_TEXT]);

#endif
