"""Exchanges two names with each other until its parent ends: swap.py A B.

As fast as it may for some milliseconds, then a rest, in either state by turns: on any machine some of what runs meanwhile
meets the exchange in the middle and some does not.
"""
import ctypes
import os
import sys
import time

BURST, REST = 0.004, 0.008
libc = ctypes.CDLL(None, use_errno=True)
AT_FDCWD, RENAME_EXCHANGE = -100, 2
a, b = (os.fsencode(name) for name in sys.argv[1:3])
parent = os.getppid()


def exchange():
    if libc.renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE) != 0:
        sys.exit("renameat2: " + os.strerror(ctypes.get_errno()))


exchange()
print("up", flush=True)
odd, rested = True, True  # an odd number of exchanges: now, and at the last rest
while os.getppid() == parent:
    end = time.monotonic() + BURST
    while time.monotonic() < end or odd == rested:
        exchange()
        odd = not odd
    rested = odd
    time.sleep(REST)
