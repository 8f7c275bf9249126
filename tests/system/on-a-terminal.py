"""Runs a command on a pseudo terminal of its own, prints what appears on it, exits as the command did (128+N for a signal).

on-a-terminal.py [--rows N] [--columns N] COMMAND [ARGS...]; standard input is typed into the terminal.
"""
import fcntl
import os
import pty
import select
import struct
import sys
import termios

arguments = sys.argv[1:]
size = {"--rows": 24, "--columns": 80}
while arguments and arguments[0] in size:
    size[arguments[0]] = int(arguments[1])
    arguments = arguments[2:]

pid, terminal = pty.fork()
if pid == 0:
    os.execvp(arguments[0], arguments)
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", size["--rows"], size["--columns"], 0, 0))
sources = [terminal, 0]
while terminal in sources:
    for source in select.select(sources, [], [])[0]:
        try:
            data = os.read(source, 65536)
        except OSError:
            data = b""
        if source == terminal and data:
            os.write(1, data)
        elif data:
            os.write(terminal, data)
        else:
            sources.remove(source)
status = os.waitpid(pid, 0)[1]
sys.exit(128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status))
