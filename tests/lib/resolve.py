#!/usr/bin/env python3
"""resolve.py NAME [TYPE] [SERVER]: asks SERVER (127.0.0.1) over UDP, once, and prints the code and the addresses of its answer.

TYPE is a number or A (the default), AAAA, TXT, HTTPS.  "nothing" is no answer within 12 s.
"""
import ipaddress
import socket
import struct
import sys

TYPES = {"A": 1, "TXT": 16, "AAAA": 28, "HTTPS": 65}


def main():
    name = sys.argv[1]
    word = sys.argv[2] if len(sys.argv) > 2 else "A"
    kind = TYPES.get(word) or int(word)
    server = sys.argv[3] if len(sys.argv) > 3 else "127.0.0.1"
    question = b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")) + struct.pack(">BHH", 0, kind, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(12)
        try:
            s.connect((server, 53))
            s.send(b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00" + question)
            answer = s.recv(4096)
        except TimeoutError:
            print("nothing")
            return
        except OSError as error:
            print("no:", error.strerror)
            return
    number, flags, _, count = struct.unpack_from(">HHHH", answer)
    assert number == 0x1234 and answer[12 : 12 + len(question)] == question
    at, found = 12 + len(question), []
    for _ in range(count):
        while answer[at] not in (0, 0xC0):
            at += answer[at] + 1
        at += 1 if answer[at] == 0 else 2
        seconds, size = struct.unpack_from(">IH", answer, at + 4)
        found.append(f"{ipaddress.ip_address(answer[at + 10 : at + 10 + size])}/{seconds}")
        at += 10 + size
    print(flags & 15, *found)


main()
