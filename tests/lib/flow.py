# flow.py serve ADDRESS PORT: to who connects and says "get", bytes for as long as he reads; from others, bytes.
# flow.py get|put ADDRESS PORT SECONDS: how many Mbit in a second came or went, as a whole number. The first half second is not counted.
import socket, sys, time

BLOCK = 65536
word, address, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
if word == "serve":
    s = socket.create_server((address, port))
    while True:
        c, _ = s.accept()
        wanted = c.recv(3)
        try:
            if wanted == b"get":
                while True:
                    c.sendall(bytes(BLOCK))
            total, begin, start, said = 0, time.monotonic(), None, 0
            while data := c.recv(BLOCK):
                now = time.monotonic()
                if start is None and now - begin > 0.5:
                    start = now
                elif start is not None:
                    total += len(data)
                    if now - said > 0.05: # many small segments would take the way back for themselves
                        said = now
                        c.send(b"%d\n" % (total * 8 / max(now - start, 0.001)))
        except OSError:
            pass
        c.close()
else:
    seconds = float(sys.argv[4]) + 0.5
    c = socket.create_connection((address, port), timeout=20)
    c.sendall(word.encode())
    begin, total, start, said = time.monotonic(), 0, None, b""
    while (now := time.monotonic()) - begin < seconds:
        if word == "put":
            c.sendall(bytes(BLOCK))
            c.setblocking(False)
            try:
                said = (said + c.recv(BLOCK))[-200:]
            except BlockingIOError:
                pass
            c.settimeout(20)
            continue
        got = len(c.recv(BLOCK))
        if start is None and now - begin > 0.5:
            start = time.monotonic()
        elif start is not None:
            total += got
    c.setblocking(False)
    try: # what was said while sending had to wait
        while word == "put" and (more := c.recv(BLOCK)):
            said = (said + more)[-200:]
    except BlockingIOError:
        pass
    rate = int(said.split(b"\n")[-2]) if word == "put" else total * 8 / (time.monotonic() - start)
    print(round(rate / 1e6))
