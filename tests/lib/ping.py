#!/usr/bin/env python3
"""ping.py NAME: "4 yes" and "6 yes" for echoes over IPv4 and IPv6, by a socket that needs no capability: icmp(7)."""
import socket
import sys

for family, word, kind, protocol in (
    (socket.AF_INET, "4", 8, socket.IPPROTO_ICMP),
    (socket.AF_INET6, "6", 128, socket.IPPROTO_ICMPV6),
):
    try:
        place = socket.getaddrinfo(sys.argv[1], None, family)[0][4]
        with socket.socket(family, socket.SOCK_DGRAM, protocol) as s:
            s.settimeout(3)
            s.sendto(bytes([kind, 0, 0, 0, 0, 0, 0, 1]) + b"echo", place)
            print(word, "yes" if s.recv(64)[-4:] == b"echo" else "no")
    except OSError as error:
        print(word, "no:", error.strerror or error)
