#!/usr/bin/env python3
"""greeted.py PORT LOG: a server at all addresses that takes what a client of TLS says first for what it is: bytes.

It says "greeted", the number of bytes and from where, once some have come and none for a moment; then it sends back what comes, but for
"RESET", after which it breaks the connection off, and says "end" at the end.  Each connection is a line of LOG.
"""
import asyncio
import socket
import struct
import sys


async def serve(reader, writer):
    peer = writer.get_extra_info("peername")[0].removeprefix("::ffff:")
    with open(sys.argv[2], "a", encoding="ascii") as file:
        file.write(f"{peer}\n")
    try:
        first = await reader.read(65536)
        while first:
            try:
                first += await asyncio.wait_for(reader.read(65536), 0.1)
            except asyncio.TimeoutError:
                break
        writer.write(f"greeted {len(first)}\n".encode())
        while first and (data := await reader.read(65536)):
            if b"RESET" in data:
                plain = writer.get_extra_info("socket")
                plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                writer.transport.abort()
                return
            writer.write(data)
            await writer.drain()
        writer.write(b"end\n")
        await writer.drain()
        writer.close()
    except OSError:
        pass


async def main():
    listener = socket.create_server(("::", int(sys.argv[1])), family=socket.AF_INET6, backlog=512, dualstack_ipv6=True)
    server = await asyncio.start_server(serve, sock=listener)
    with open(sys.argv[2], "a", encoding="ascii"):
        pass
    async with server:
        await server.serve_forever()


asyncio.run(main())
