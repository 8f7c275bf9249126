#!/usr/bin/env python3
"""greet.py ADDRESS PORT NAME [WORD[=N]...]: begins a connection of TLS that asks for NAME, and prints what the server says.

"no: REASON" and status 1 when it is refused.  NAME "-" is none.  Words: split=N sends N bytes at a time, record=N puts N bytes into a
record, pad=N makes the message longer, plain sends no TLS, silent=N sends nothing for N seconds, twice names two servers, again=NAME sends
another greeting after the server's answer and expects it back, early says that data may come before that, upper writes the name in
capitals, times=N does it all N times at once, send=N sends so many bytes more and expects them back, reset asks the server to break it off.
"""
import os
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tls  # noqa: E402


def receive(s, count):
    data = b""
    while len(data) < count:
        piece = s.recv(65536)
        if not piece:
            break
        data += piece
    return data


def first_bytes(name, words):
    if "plain" in words:
        return b"GET / HTTP/1.1\r\nHost: " + name.encode() + b"\r\n\r\n"
    if "upper" in words:
        name = name.upper()
    more = tls.name_extension(name) if "twice" in words else b""
    more += tls.extension(42, b"") if "early" in words else b""
    message = tls.hello(None if name == "-" else name, int(words.get("pad", 0)), more)
    return tls.records(message, int(words.get("record", 16384)))


def send_all(s, data, size):
    for at in range(0, len(data), size):
        s.sendall(data[at : at + size])


def exchange(s, count):
    """Both ways at once, as neither side has room for all of it."""
    out = tls.record(23, os.urandom(16000)) * (count // 16000)
    sender = threading.Thread(target=s.sendall, args=(out,), daemon=True)
    sender.start()
    back = receive(s, len(out))
    sender.join()
    return "the same" if back == out else f"not the same: {len(back)}"


def converse(s, name, words):
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if "silent" in words:
        time.sleep(float(words["silent"]))
    send_all(s, first_bytes(name, words), int(words.get("split", 1 << 20)))
    said = s.recv(4096)
    if not said:
        return "no: end"
    line = said.decode().strip()
    if "again" in words:
        early = tls.record(23, b"early data") if "early" in words else b""
        again = tls.record(20, b"\1") + tls.records(tls.hello(words["again"]))
        s.sendall(early)
        s.sendall(again)
        line += " then all" if receive(s, len(early + again)) == early + again else " then less"
    if "send" in words:
        s.sendall(tls.record(23, b""))
        line += " " + exchange(s, int(words["send"])) if receive(s, 5) else " lost"
    if "reset" in words:
        s.sendall(tls.record(23, b"RESET"))
        receive(s, 1 << 20)
    return line


def once(address, port, name, words):
    try:
        with socket.create_connection((address, port), timeout=20) as s:
            return converse(s, name, words)
    except OSError as error:
        return f"no: {error.strerror or error}"


def main():
    address, port, name = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    words = dict((word.split("=", 1) + [""])[:2] for word in sys.argv[4:])
    results = []

    def run():
        results.append(once(address, port, name, words))

    threads = [threading.Thread(target=run) for _ in range(int(words.get("times", 1)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(threads) > 1:
        for text in sorted(set(results)):
            print(results.count(text), text)
    else:
        print(results[0])
    sys.exit(any(text.startswith("no: ") for text in results))


main()
