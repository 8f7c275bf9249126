"""Both ends of Wayland's wire protocol, for wayland.bats.

wayland.py serve SOCKET LOG [MODE]  a compositor that knows of sandboxes (security-context-v1) and has a global that is not for them
wayland.py list                     the globals that a client here is shown, a line each

MODE is how the compositor answers: offers, plain (it knows nothing of sandboxes), old (a context is an error), silent, half (a message
that does not end), garbage, endless (globals without end), dies (when it is asked for a context), stalls (from then on).
"""

import array
import os
import select
import socket
import struct
import sys

PRIVILEGED = "zwlr_screencopy_manager_v1"
MANAGER = "wp_security_context_manager_v1"


def string(text):
    data = text.encode() + b"\0"
    return struct.pack("=I", len(data)) + data + b"\0" * (-len(data) % 4)


def message(number, opcode, body=b""):
    return struct.pack("=II", number, (8 + len(body)) << 16 | opcode) + body


def messages(data):
    """The whole messages at the beginning, and what is left."""
    found = []
    while len(data) >= 8:
        number, second = struct.unpack("=II", data[:8])
        size = second >> 16
        if size < 8 or len(data) < size:
            break
        found.append((number, second & 0xFFFF, data[8:size]))
        data = data[size:]
    return found, data


def text(body):
    """The string at the beginning, and what follows it."""
    (length,) = struct.unpack("=I", body[:4])
    return body[4 : 4 + length - 1].decode(), body[4 + length + -length % 4 :]


class Client:
    def __init__(self, connection, sandboxed):
        self.connection, self.sandboxed = connection, sandboxed
        self.data, self.fds = b"", []
        self.objects = {1: "wl_display"}
        self.context = {}


class Compositor:
    def __init__(self, path, log, mode):
        self.mode, self.log = mode, open(log, "a", buffering=1)
        self.poll = select.poll()
        self.actions = {}
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        listener.listen()
        self.watch(listener, lambda _: self.accept(listener, False))

    def watch(self, what, action, events=select.POLLIN):
        self.poll.register(what.fileno(), events)
        self.actions[what.fileno()] = (what, action)

    def forget(self, what):
        self.poll.unregister(what.fileno())
        del self.actions[what.fileno()]
        what.close()

    def accept(self, listener, sandboxed):
        connection, _ = listener.accept()
        client = Client(connection, sandboxed)
        self.watch(connection, lambda _: self.read(client))

    def read(self, client):
        try:
            data, ancillary, _, _ = client.connection.recvmsg(4096, socket.CMSG_SPACE(64))
        except ConnectionResetError:
            data, ancillary = b"", []
        for _, _, fds in ancillary:
            received = array.array("i")
            received.frombytes(fds)
            client.fds += received
        if not data:
            self.forget(client.connection)
            return
        found, client.data = messages(client.data + data)
        for number, opcode, body in found:
            try:
                self.request(client, number, opcode, body)
            except (BrokenPipeError, ConnectionResetError):
                return

    def request(self, client, number, opcode, body):
        kind = client.objects[number]
        if kind == "wl_display" and opcode == 0:
            self.sync(client, *struct.unpack("=I", body))
        elif kind == "wl_display" and opcode == 1:
            self.registry(client, *struct.unpack("=I", body))
        elif kind == "wl_registry" and opcode == 0:
            interface, rest = text(body[4:])
            _, made = struct.unpack("=II", rest)
            client.objects[made] = interface
        elif kind == MANAGER and opcode == 1:
            self.create(client, *struct.unpack("=I", body))
        elif kind == "context" and opcode in (1, 2, 3):
            client.context[opcode] = text(body)[0]
        elif kind == "context" and opcode == 4:
            self.commit(client)

    def sync(self, client, made):
        if self.mode != "silent":
            client.connection.sendall(message(made, 0, struct.pack("=I", 1)) + message(1, 1, struct.pack("=I", made)))

    def registry(self, client, made):
        client.objects[made] = "wl_registry"
        if self.mode == "garbage":
            client.connection.sendall(os.urandom(64) + b"\xff" * 4096)
        if self.mode == "half":
            client.connection.sendall(message(made, 0, bytes(60))[:20])
            self.mode = "silent"
        while self.mode == "endless":
            client.connection.sendall(message(made, 0, struct.pack("=I", 9) + string("wl_output") + struct.pack("=I", 1)))
        shown = ["wl_compositor"]
        if not client.sandboxed:
            shown += [PRIVILEGED] + ([MANAGER] if self.mode != "plain" else [])
        for name, interface in enumerate(shown, 1):
            if self.mode not in ("silent", "garbage"):
                client.connection.sendall(message(made, 0, struct.pack("=I", name) + string(interface) + struct.pack("=I", 1)))

    def create(self, client, made):
        if self.mode == "dies":
            os._exit(0)
        if self.mode == "stalls":
            self.mode = "silent"
        if self.mode == "old":
            said = struct.pack("=II", made, 2) + string("no\n\x1b[31mnested contexts")
            client.connection.sendall(message(1, 0, said))
            self.forget(client.connection)
            raise ConnectionResetError
        client.objects[made] = "context"
        client.listener = socket.socket(fileno=client.fds.pop(0))
        client.end = os.fdopen(client.fds.pop(0), "rb")

    def commit(self, client):
        listener, end = client.listener, client.end

        def ended(_):
            self.log.write("closed\n")
            self.forget(listener)
            self.forget(end)

        self.log.write("context %s %s %s\n" % tuple(client.context[i] for i in (1, 2, 3)))
        self.watch(listener, lambda _: self.accept(listener, True))
        self.watch(end, ended, 0)

    def run(self):
        while True:
            for fd, events in self.poll.poll():
                if fd in self.actions:
                    self.actions[fd][1](events)


def show():
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(10)
    connection.connect(os.path.join(os.environ["XDG_RUNTIME_DIR"], os.environ["WAYLAND_DISPLAY"]))
    connection.sendall(message(1, 1, struct.pack("=I", 2)) + message(1, 0, struct.pack("=I", 3)))
    data = b""
    while True:
        got = connection.recv(4096)
        if not got:
            sys.exit("the compositor has gone")
        found, data = messages(data + got)
        for number, _, body in found:
            if number == 3:
                return
            if number == 2:
                print(text(body[4:])[0])


if sys.argv[1] == "serve":
    Compositor(sys.argv[2], sys.argv[3], sys.argv[4] if len(sys.argv) > 4 else "offers").run()
else:
    show()
