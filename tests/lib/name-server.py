#!/usr/bin/env python3
"""name-server.py ADDRESS ZONE LOG: a name server at port 53, over UDP and TCP, that says what the file ZONE says at that moment.

A line of ZONE is NAME TYPE SECONDS VALUE, with A, AAAA or CNAME; a name that has none does not exist.  A line "NAME does WORD" makes it
misbehave: cut (UDP answers have no room), plain (it does not know extensions), silent, wrong-id, wrong-name, small-letters, loop (a name
that points to itself), short (half a message), many (more addresses than anybody takes).  Each question is a line "NAME TYPE TRANSPORT"
of LOG, NAME in small letters.
"""
import ipaddress
import socket
import socketserver
import struct
import sys
import threading

ADDRESS, ZONE, LOG = sys.argv[1:4]
TYPES = {"A": 1, "CNAME": 5, "AAAA": 28}
WORDS = {number: word for word, number in TYPES.items()}


def name_bytes(name):
    return b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")) + b"\0"


def read_question(message):
    at, parts = 12, []
    while message[at]:
        parts.append(message[at + 1 : at + 1 + message[at]].decode("latin-1"))
        at += message[at] + 1
    kind = struct.unpack_from(">H", message, at + 1)[0]
    return ".".join(parts), kind, message[12 : at + 5]


def read_zone():
    records, does = [], {}
    with open(ZONE, encoding="ascii") as file:
        for line in file:
            words = line.split()
            if len(words) == 4:
                records.append((words[0], words[1], int(words[2]), words[3]))
            elif len(words) == 3:
                does[words[0]] = words[2]
    return records, does


def record(owner, kind, seconds, data):
    return owner + struct.pack(">HHIH", kind, 1, seconds, len(data)) + data


def answers(name, kind, records):
    out, known = [], False
    for _ in range(8):
        alias = None
        for owner, word, seconds, value in records:
            if owner != name:
                continue
            known = True
            if word == "CNAME":
                alias = value
                out.append(record(name_bytes(name), 5, seconds, name_bytes(value)))
            elif TYPES[word] == kind:
                out.append(record(name_bytes(name), kind, seconds, ipaddress.ip_address(value).packed))
        if alias is None:
            break
        name = alias
    return out, known


def reply(message, stream):
    name, kind, question = read_question(message)
    records, does = read_zone()
    low = name.lower()
    with open(LOG, "a", encoding="ascii") as file:
        file.write(f"{low} {WORDS.get(kind, kind)} {'TCP' if stream else 'UDP'}\n")
    what = does.get(low, "")
    number, flags = message[:2], 0x8180
    out, known = answers(low, kind, records)
    if not known:
        flags |= 3
    if what == "silent":
        return None
    if what == "cut" and not stream:
        out, flags = [], flags | 0x0200
    if what == "plain" and message[10:12] != b"\0\0":
        return number + struct.pack(">HHHHH", 0x8181, 0, 0, 0, 0)
    if what == "wrong-id" and not stream:
        number = bytes([number[0] ^ 1, number[1]])
    if what == "wrong-name" and not stream:
        question = b"\x05other" + question[6:]
    if what == "small-letters" and not stream:
        question = name_bytes(low) + question[-4:]
    if what == "loop":
        out = [b"\xc0\x0c" + struct.pack(">HHIH", 5, 1, 5, 2) + b"\xc0\x0c"]
        out.append(struct.pack(">BB", 0xC0, 12 + len(question)) + struct.pack(">HHIH", kind, 1, 5, 4) + b"\x2d\x2d\x2d\x2d")
        out.append(b"\xc0\xff")
    if what == "many":
        out = [record(b"\xc0\x0c", 1, 5, bytes([45, 45, 46, i])) for i in range(60)]
    whole = number + struct.pack(">HHHHH", flags, 1, len(out), 0, 0) + question + b"".join(out)
    return whole[: len(whole) // 2 + 8] if what == "short" else whole


class Datagram(socketserver.BaseRequestHandler):
    def handle(self):
        message = reply(self.request[0], False)
        if message is not None:
            self.request[1].sendto(message, self.client_address)


class Stream(socketserver.StreamRequestHandler):
    def handle(self):
        size = struct.unpack(">H", self.rfile.read(2))[0]
        message = reply(self.rfile.read(size), True)
        if message is not None:
            self.wfile.write(struct.pack(">H", len(message)) + message)


socketserver.TCPServer.allow_reuse_address = True
socketserver.TCPServer.address_family = socketserver.UDPServer.address_family = socket.AF_INET6 if ":" in ADDRESS else socket.AF_INET
stream = socketserver.ThreadingTCPServer((ADDRESS, 53), Stream)
threading.Thread(target=stream.serve_forever, daemon=True).start()
with open(LOG, "a", encoding="ascii"):
    pass
socketserver.ThreadingUDPServer((ADDRESS, 53), Datagram).serve_forever()
