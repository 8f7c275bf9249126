"""TCP throughput: pump.py take ADDRESS PORT throws away what comes; pump.py give ADDRESS PORT SECONDS prints bytes per second."""
import socket
import sys
import time

SIZE = 1 << 18
how, address, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
if how == "take":
    server = socket.create_server((address, port))
    room = bytearray(SIZE)
    while True:
        peer = server.accept()[0]
        while peer.recv_into(room):
            pass
        peer.close()
seconds = float(sys.argv[4])
peer = socket.create_connection((address, port), timeout=10)
data = bytes(SIZE)
begin = time.monotonic()
sent = 0
while time.monotonic() - begin < seconds:
    peer.sendall(data)
    sent += SIZE
peer.shutdown(socket.SHUT_WR)
peer.recv(1)  # until all of it has been taken
print(int(sent / (time.monotonic() - begin)))
