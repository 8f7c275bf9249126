#!/usr/bin/env python3
"""tls-ask.py ADDRESS PORT NAME [VERSION]: asks tests/lib/tls-server.py, twice with one session; prints what it says and how much comes."""
import socket
import ssl
import sys

context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
if len(sys.argv) > 4:
    context.maximum_version = ssl.TLSVersion[sys.argv[4]]
session = None
for _ in range(2):
    try:
        with socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=20) as plain:
            with context.wrap_socket(plain, server_hostname=sys.argv[3], session=session) as connection:
                data = b""
                while piece := connection.recv(65536):
                    data += piece
                session = connection.session
                line, rest = data.split(b"\n", 1)
                print(line.decode(), len(rest), "again" if connection.session_reused else "anew")
    except OSError as error:
        print(f"no: {error.strerror or error}")
