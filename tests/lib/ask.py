#!/usr/bin/env python3
"""ask.py ADDRESS PORT: prints what the server there says; "no: REASON" and status 1 when it cannot be reached within 3 s."""
import socket
import sys

try:
    with socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=3) as connection:
        text = b""
        while piece := connection.recv(4096):
            text += piece
        print(text.decode(), end="")
except OSError as error:
    print(f"no: {error.strerror or error}")
    sys.exit(1)
