#!/usr/bin/env python3
"""tls-server.py PORT DIRECTORY: a server of TLS at all addresses, with cert.pem and key.pem of the directory.

It says which name the client has asked for and the version, on one line, then 5,000,000 bytes, and ends.  It wants a key that clients do
not send at first, so in TLS 1.3 it asks for a second greeting.
"""
import socket
import ssl
import sys
import threading

listener = socket.create_server(("::", int(sys.argv[1])), family=socket.AF_INET6, dualstack_ipv6=True, backlog=64)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(f"{sys.argv[2]}/cert.pem", f"{sys.argv[2]}/key.pem")
context.set_ecdh_curve("secp384r1")
names = {}
context.sni_callback = lambda connection, name, _: names.__setitem__(id(connection), name)


def serve(plain):
    try:
        with context.wrap_socket(plain, server_side=True) as connection:
            connection.sendall(f"{names.pop(id(connection), None)} {connection.version()}\n".encode() + bytes(5_000_000))
    except OSError:
        plain.close()


while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
