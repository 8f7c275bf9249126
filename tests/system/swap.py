"""Exchanges two names with each other for ever, as fast as it may: swap.py A B. Ends with its parent."""
import ctypes
import os
import sys

libc = ctypes.CDLL(None, use_errno=True)
AT_FDCWD, RENAME_EXCHANGE = -100, 2
a, b = (os.fsencode(name) for name in sys.argv[1:3])
parent = os.getppid()
count = 0
while os.getppid() == parent:
    if libc.renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE) != 0:
        sys.exit("renameat2: " + os.strerror(ctypes.get_errno()))
    count += 1
    if count == 1:
        print("up", flush=True)
