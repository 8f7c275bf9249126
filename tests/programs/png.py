"""Reads a PNG file: prints its size, and the colour of the point X Y when it is given, as in "64x48 #ff0000"."""
import struct
import sys
import zlib


def chunks(data):
    if data[:8] != b"\x89PNG\r\n\x1a\n":
        sys.exit("not a PNG file")
    at = 8
    while at < len(data):
        (length,) = struct.unpack_from(">I", data, at)
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        (check,) = struct.unpack_from(">I", data, at + 8 + length)
        if zlib.crc32(kind + body) != check:
            sys.exit("a chunk is damaged")
        yield kind, body
        at += 12 + length


def unfilter(raw, height, stride, step):
    lines, before = [], bytearray(stride)
    for row in range(height):
        kind, line = raw[row * (stride + 1)], bytearray(raw[row * (stride + 1) + 1 : (row + 1) * (stride + 1)])
        for i in range(stride):
            left, up = (line[i - step] if i >= step else 0), before[i]
            corner = before[i - step] if i >= step else 0
            if kind == 1:
                guess = left
            elif kind == 2:
                guess = up
            elif kind == 3:
                guess = (left + up) // 2
            elif kind == 4:
                guess = min((abs(up - corner), 0, left), (abs(left - corner), 1, up), (abs(left + up - 2 * corner), 2, corner))[2]
            else:
                guess = 0
            line[i] = (line[i] + guess) & 255
        lines.append(line)
        before = line
    return lines


def main():
    head, palette, packed = None, b"", b""
    for kind, body in chunks(open(sys.argv[1], "rb").read()):
        if kind == b"IHDR":
            head = struct.unpack(">IIBBBBB", body)
        elif kind == b"PLTE":
            palette = body
        elif kind == b"IDAT":
            packed += body
    width, height, depth, colour = head[:4]
    if len(sys.argv) < 4:
        print(f"{width}x{height}")
        return
    x, y = int(sys.argv[2]), int(sys.argv[3])
    samples = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    bits = depth * samples
    lines = unfilter(zlib.decompress(packed), height, (width * bits + 7) // 8, max(1, bits // 8))
    if depth >= 8:
        point = lines[y][x * bits // 8 : (x + 1) * bits // 8 : depth // 8]
    else:
        shift = 8 - depth - x * depth % 8
        point = [lines[y][x * depth // 8] >> shift & ((1 << depth) - 1)]
    if colour == 3:
        point = palette[point[0] * 3 : point[0] * 3 + 3]
    elif colour in (0, 4):
        level = point[0] * 255 // ((1 << min(depth, 8)) - 1)
        point = [level, level, level]
    print("%dx%d #%02x%02x%02x" % (width, height, *point[:3]))


main()
