#!/usr/bin/env python3
"""A service on a D-Bus for tests: owns names, answers every call with nothing, and writes each call down.

usage: bus-service.py SOCKET LOG NAME...     LOG gets "ready" once the names are owned, then "INTERFACE.MEMBER" for each call
"""

import os
import socket
import struct
import sys

TYPES = {"s": 4, "o": 4, "u": 4, "g": 1}
CALL, RETURN = 1, 2


def pad(data, size):
    return data + b"\0" * (-len(data) % size)


def text(value):
    raw = value.encode()
    return struct.pack("<I", len(raw)) + raw + b"\0"


def message(kind, serial, fields, body=b""):
    """`fields`: (number, type, value) in any order."""
    array = b""
    for number, of, value in fields:
        array = pad(array, 8) + struct.pack("<BB", number, 1) + of.encode() + b"\0"
        if of == "g":
            array += struct.pack("<B", len(value)) + value.encode() + b"\0"
        else:
            array = pad(array, 4) + (struct.pack("<I", value) if of == "u" else text(value))
    head = struct.pack("<cBBBII", b"l", kind, 0, 1, len(body), serial)
    return pad(head + struct.pack("<I", len(array)) + array, 8) + body


def call_bus(serial, member, signature="", body=b""):
    fields = [(1, "o", "/org/freedesktop/DBus"), (2, "s", "org.freedesktop.DBus"), (3, "s", member), (6, "s", "org.freedesktop.DBus")]
    if signature:
        fields.append((8, "g", signature))
    return message(CALL, serial, fields, body)


def receive(stream):
    """(type, serial, fields by number)"""
    head = stream.read(16)
    if len(head) < 16:
        sys.exit(0)
    _, kind, _, _, body, serial, array = struct.unpack("<cBBBIII", head)
    data = stream.read(array + -array % 8)
    stream.read(body)
    fields, at = {}, 0
    while at < array:
        at += -at % 8
        number, of = data[at], chr(data[at + 2])
        at += 4
        at += -at % TYPES[of]
        if of == "u":
            fields[number] = struct.unpack_from("<I", data, at)[0]
            at += 4
            continue
        size = data[at] if of == "g" else struct.unpack_from("<I", data, at)[0]
        at += TYPES[of]
        fields[number] = data[at : at + size].decode()
        at += size + 1
    return kind, serial, fields


def main():
    path, log, *names = sys.argv[1:]
    bus = socket.socket(socket.AF_UNIX)
    bus.connect(path)
    stream = bus.makefile("rb")
    bus.sendall(b"\0AUTH EXTERNAL " + str(os.getuid()).encode().hex().encode() + b"\r\n")
    assert stream.readline().startswith(b"OK ")
    bus.sendall(b"BEGIN\r\n" + call_bus(1, "Hello"))
    for number, name in enumerate(names):
        bus.sendall(call_bus(2 + number, "RequestName", "su", pad(text(name), 4) + struct.pack("<I", 4)))
    serial, left = 100, len(names)
    with open(log, "a", buffering=1, encoding="utf-8") as out:
        while True:
            kind, number, fields = receive(stream)
            if kind == RETURN and fields[5] > 1:
                left -= 1
                if left == 0:
                    print("ready", file=out)
            if kind == CALL:
                print(f"{fields.get(2, '')}.{fields[3]}", file=out)
                serial += 1
                bus.sendall(message(RETURN, serial, [(5, "u", number), (6, "s", fields[7])]))


main()
