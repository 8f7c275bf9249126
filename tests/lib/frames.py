# frames.py hear INTERFACE SECONDS: the words of the marked frames that arrive, sorted, once "end" was one of them.
# frames.py send INTERFACE WORD...: such frames, broadcast. A WORD says what is false about it: see below. Both need CAP_NET_RAW.
import socket, struct, subprocess, sys, time

def own(interface, mac):
    four = six = None
    for line in subprocess.run(["ip", "-o", "addr", "show", interface], capture_output=True, text=True).stdout.splitlines():
        field = line.split()
        if field[2] == "inet":
            four = socket.inet_aton(field[3].split("/")[0])
        if field[2] == "inet6" and not field[3].startswith("fe80"):
            six = socket.inet_pton(socket.AF_INET6, field[3].split("/")[0])
    return mac, four, six

def other(address):
    return address[:-1] + bytes([address[-1] ^ 0x40])

def mark(word):
    return b"<bailey:" + word.encode() + b">"

def ether(mac, kind, rest):
    return b"\xff" * 6 + mac + struct.pack("!H", kind) + rest

# With right lengths and a right sum, or a bridge that looks into packets drops them for that.
def ip4(source, rest):
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(rest), 1, 0, 64, 253, 0) + source + b"\xff" * 4
    total = sum(struct.unpack("!10H", head))
    total = (total & 0xffff) + (total >> 16)
    return head[:10] + struct.pack("!H", ~(total + (total >> 16)) & 0xffff) + head[12:] + rest

def ip6(source, rest, next=253):
    return struct.pack("!IHBB", 6 << 28, len(rest), next, 255) + source + socket.inet_pton(socket.AF_INET6, "ff02::1") + rest

def arp(mac, source):
    return struct.pack("!HHBBH", 1, 0x800, 6, 4, 2) + mac + source + b"\xff" * 6 + source

def frame(word, mac, four, six):
    wrong = bytes([mac[0]]) + other(mac[1:])
    end = mark(word)
    advert = bytes([136, 0, 0, 0, 0x20, 0, 0, 0]) + other(six)
    return {
        "own4": ether(mac, 0x800, ip4(four, end)),
        "end": ether(mac, 0x800, ip4(four, end)),
        "own6": ether(mac, 0x86dd, ip6(six, end)),
        "own-arp": ether(mac, 0x806, arp(mac, four) + end),
        "mac": ether(wrong, 0x800, ip4(four, end)),
        "ip4": ether(mac, 0x800, ip4(other(four), end)),
        "ip6": ether(mac, 0x86dd, ip6(other(six), end)),
        "arp-mac": ether(mac, 0x806, arp(wrong, four) + end),
        "arp-ip": ether(mac, 0x806, arp(mac, other(four)) + end),
        "nd": ether(mac, 0x86dd, ip6(six, advert + end, 58)),
        "ra": ether(mac, 0x86dd, ip6(six, bytes([134]) + bytes(23) + end, 58)),
        "vlan": ether(mac, 0x8100, struct.pack("!HH", 5, 0x800) + ip4(four, end)),
        "stp": ether(mac, 38, b"\x42\x42\x03" + bytes(35) + end),
    }[word]

interface = sys.argv[2]
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
s.bind((interface, 0))
if sys.argv[1] == "send":
    mine = own(interface, s.getsockname()[4])
    for _ in range(3):
        for word in sys.argv[3:]:
            s.send(frame(word, *mine))
        time.sleep(0.05)
else:
    print("hears", flush=True)
    heard, until = set(), time.monotonic() + float(sys.argv[3])
    while "end" not in heard and time.monotonic() < until:
        s.settimeout(max(0.01, until - time.monotonic()))
        try:
            data, where = s.recvfrom(2048)
        except TimeoutError:
            break
        if where[2] != socket.PACKET_OUTGOING and b"<bailey:" in data:
            heard.add(data.split(b"<bailey:")[1].split(b">")[0].decode())
    print(*sorted(heard))
