#!/usr/bin/env python3
"""answer.py ADDRESS PORT TEXT [COUNT]: a server that says TEXT and the asker's address to whoever connects, COUNT times or for ever."""
import socket
import sys

family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
with socket.socket(family, socket.SOCK_STREAM) as listener:
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((sys.argv[1], int(sys.argv[2])))
    listener.listen(16)
    left = int(sys.argv[4]) if len(sys.argv) > 4 else -1
    while left != 0:
        connection, asker = listener.accept()
        connection.sendall(f"{sys.argv[3]} {asker[0]}\n".encode())
        connection.close()
        left -= 1
