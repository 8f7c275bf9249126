"""What clients and servers of the tests know of TLS: the first message of a connection, made by hand so that it can be made wrong."""
import os
import struct


def _list(width, data):
    return len(data).to_bytes(width, "big") + data


def extension(kind, data):
    return struct.pack(">H", kind) + _list(2, data)


def name_extension(name):
    """The name is of any bytes; RFC 6066."""
    raw = name if isinstance(name, bytes) else name.encode("latin-1")
    return extension(0, _list(2, b"\0" + _list(2, raw)))


def hello(name=None, pad=0, more=b"", versions=b"\x03\x04\x03\x03"):
    """A message that asks for a name; `more` are extensions after that, `pad` bytes of one that says nothing."""
    parts = name_extension(name) if name is not None else b""
    parts += more
    if versions:
        parts += extension(43, _list(1, versions))
    if pad:
        parts += extension(21, bytes(pad))
    body = b"\x03\x03" + os.urandom(32) + _list(1, os.urandom(32)) + _list(2, b"\x13\x01\xc0\x2f") + b"\x01\0" + _list(2, parts)
    return b"\x01" + _list(3, body)


def record(kind, data):
    return struct.pack(">BH", kind, 0x0301) + _list(2, data)


def records(message, size=16384):
    """A message of the handshake in records of so many bytes of it."""
    return b"".join(record(22, message[at : at + size]) for at in range(0, len(message), size))
