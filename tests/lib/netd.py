# netd.py SOCKET WORD [COUNT]: says something to bailey-netd, and prints what is answered. Run as the user who asks.
#   plug [NETWORK]   asks for an interface in a namespace of its own, until a line comes on standard input
#   many COUNT       asks for COUNT of them at once, each for a namespace of its own, and says how many there were and the first refusal
#   others, host, file, pipe, user-namespace: the descriptor is something else than the caller's network namespace
#   garbage, half, longer, none, two, twice, silent: the message is not as it should be, or there is none
#   name NAME        as plug in the network lan, for a sandbox of that name
#   crowds COUNT     run as root: COUNT users from 70000 on, of whom each keeps as many silent connections as it gets, until a line comes
#   crowd COUNT      opens that many connections, says how many are refused at once, and keeps them until a line comes
#   random COUNT     sends that many requests of which a few bytes are wrong, and says how many were refused
import array, ctypes, os, random, select, socket, struct, sys

REQUEST = struct.Struct("=8sIIIIQQ40s64s8sII16sII16s")
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
libc = ctypes.CDLL(None, use_errno=True)
path, word = sys.argv[1], sys.argv[2]

def request(network="lan", version=1, interface=0, flags=0, mac=b"", want4=1, bytes4=b"", want6=1, rates=(0, 0), name="t"):
    return REQUEST.pack(b"bnetreq", version, interface, flags, 0, *rates, network.encode(), name.encode(), mac,
        want4, 0, bytes4, want6, 0, b"")

def own_namespace():
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        status = libc.unshare(CLONE_NEWUSER | CLONE_NEWNET)
        os.write(writer, b"." if status == 0 else b"!")
        import signal
        signal.pause()
    assert os.read(reader, 1) == b".", "no user namespaces here"
    fd = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)
    users = os.open(f"/proc/{pid}/ns/user", os.O_RDONLY)
    os.kill(pid, 9)
    os.waitpid(pid, 0)
    return fd, users

def crowd_of(user, connections=16):
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
        silent = [connect() for _ in range(connections)]
        os.write(writer, b".")
        while True:
            for s in select.select(silent, [], [])[0]:
                s.close()
                silent[silent.index(s)] = connect()
    return pid, reader

def connect():
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.connect(path)
    return s

def send(s, data, fds=()):
    try:
        s.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else [])
    except OSError:
        pass

def hear(s, seconds=20):
    if not select.select([s], [], [], seconds)[0]:
        return "nothing"
    try:
        data = s.recv(4096)
    except OSError as e:
        return e.strerror
    if not data:
        return "closed"
    error, = struct.unpack_from("=I", data, 8)
    text = data[16:528].rstrip(b"\0").decode()
    device = data[1040:1056].rstrip(b"\0").decode()
    four = socket.inet_ntoa(data[1136:1140])
    return f"refused: {text}" if error else f"has {device} {four}"

def once(data, fds):
    s = connect()
    send(s, data, fds)
    return hear(s)

def main():
    count = int(sys.argv[3]) if len(sys.argv) > 3 and sys.argv[3].isdigit() else 1
    if word == "plug":
        s = connect()
        send(s, request(sys.argv[3] if len(sys.argv) > 3 else "lan"), [own_namespace()[0]])
        print(hear(s), flush=True)
        sys.stdin.readline()
    elif word == "many":
        all = [connect() for _ in range(0)]
        answers = []
        for _ in range(count):
            s = connect()
            send(s, request(), [own_namespace()[0]])
            all.append(s)
            answers.append(hear(s))
        print(sum(a.startswith("has") for a in answers), len(set(answers) - {a for a in answers if a.startswith("refused")}), flush=True)
        print(next((a for a in answers if a.startswith("refused")), "none refused"), flush=True)
        sys.stdin.readline()
    elif word == "others":
        print(once(request(), [os.open(sys.argv[3], os.O_RDONLY)]))
    elif word == "given":
        print(once(request(), [int(sys.argv[3])]))
    elif word == "host":
        print(once(request(), [os.open("/proc/self/ns/net", os.O_RDONLY)]))
    elif word == "file":
        print(once(request(), [os.open("/etc/passwd", os.O_RDONLY)]))
    elif word == "pipe":
        print(once(request(), [os.pipe()[0]]))
    elif word == "user-namespace":
        print(once(request(), [own_namespace()[1]]))
    elif word == "garbage":
        print(once(os.urandom(REQUEST.size), [own_namespace()[0]]))
    elif word == "half":
        print(once(request()[:100], [own_namespace()[0]]))
    elif word == "longer":
        print(once(request() + b"\0", [own_namespace()[0]]))
    elif word == "none":
        print(once(request(), []))
    elif word == "two":
        print(once(request(), list(own_namespace())))
    elif word == "descriptors":
        print(once(request(), [own_namespace()[0]] * 100))
    elif word == "twice":
        s = connect()
        fd = own_namespace()[0]
        send(s, request(), [fd])
        print(hear(s).split()[0])
        send(s, request(), [fd])
        print(hear(s), hear(s))
    elif word == "silent":
        s = connect()
        print(hear(s), hear(s))
    elif word == "mac":
        print(once(request(flags=1, mac=bytes.fromhex("020000000005")), [own_namespace()[0]]))
    elif word == "address":
        print(once(request(want4=2, bytes4=socket.inet_aton(sys.argv[3])), [own_namespace()[0]]))
    elif word == "name":
        s = connect()
        send(s, request(name=sys.argv[3]), [own_namespace()[0]])
        print(hear(s), flush=True)
        sys.stdin.readline()
    elif word == "crowds":
        crowds = [crowd_of(70000 + i) for i in range(count)]
        print("crowds", sum(os.read(reader, 1) == b"." for _, reader in crowds), flush=True)
        sys.stdin.readline()
        for pid, _ in crowds:
            os.kill(pid, 9)
            os.waitpid(pid, 0)
    elif word == "crowd":
        all, refused = [], 0
        for _ in range(count):
            s = connect()
            all.append(s)
            refused += bool(select.select([s], [], [], 0.0)[0])
        refused = sum(bool(select.select([s], [], [], 0.5 if i == 0 else 0)[0]) for i, s in enumerate(all))
        print("crowd", len(all), "refused" if refused > count / 2 else "accepted", flush=True)
        sys.stdin.readline()
    elif word == "random":
        refused, fd = 0, own_namespace()[0]
        good = request()
        for _ in range(count):
            data = bytearray(good)
            for _ in range(random.randint(1, 4)):
                data[random.randrange(len(data))] ^= random.randint(1, 255)
            said = once(bytes(data[:random.choice([len(data)] * 9 + [random.randrange(len(data))])]), [fd])
            refused += said.startswith("refused") or said.startswith("has")
        print("answered", refused, "of", count)

main()
