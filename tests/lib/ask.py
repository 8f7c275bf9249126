#!/usr/bin/env python3
"""ask.py ADDRESS PORT [SECONDS]: prints what the server there says; "no: REASON" and status 1 when it cannot be reached in time.

Without SECONDS it waits as long as a busy machine may need; they are for tests of packets that vanish.
"""
import socket
import sys

try:
    seconds = float(sys.argv[3]) if len(sys.argv) > 3 else 20
    with socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=seconds) as connection:
        text = b""
        while piece := connection.recv(4096):
            text += piece
        print(text.decode(), end="")
except OSError as error:
    print(f"no: {error.strerror or error}")
    sys.exit(1)
