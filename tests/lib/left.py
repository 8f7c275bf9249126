"""What a launch leaves behind, however it ends. Usage: left.py steps|random|churn BAILEY STATE [OPTIONS...]

STATE is the directory with the state of the sandboxes (or where it will be).  OPTIONS are those of `bailey run`.  BAILEY_ROUNDS says how
many rounds random and churn make; each has a default that takes some seconds.  Prints one line with figures; exit status 1 with what is
wrong above it.
"""
import os
import random
import re
import select
import signal
import subprocess
import sys
import tempfile
import time

mode, bailey, state, options = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]
tree = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
rounds = int(os.environ.get("BAILEY_ROUNDS", "0"))
SHARED = ("/tmp", "/dev/shm", "/var/tmp")
GONE_S = 10  # on a busy machine; what it took is printed
problems = []


def stat_of(pid):
    """(parent, start, state) or None"""
    try:
        with open(f"/proc/{pid}/stat") as f:
            fields = f.read().rsplit(")", 1)[1].split()
    except OSError:
        return None
    return int(fields[1]), int(fields[19]), fields[0]


def descendants(root):
    """{pid: start} of all below a process"""
    all_ = {int(p): s for p in os.listdir("/proc") if p.isdigit() and (s := stat_of(p))}
    found, more = {root}, True
    while more:
        new = {p for p, s in all_.items() if s[0] in found} - found
        found |= new
        more = bool(new)
    return {p: all_[p][1] for p in found - {root} if p in all_}


def gone(processes, seconds=GONE_S):
    """Waits until none of them runs any more: the seconds it took, or None. A zombie of a process that is no longer there is nobody."""
    begin = time.monotonic()
    while time.monotonic() < begin + seconds:
        alive = [p for p, start in processes.items() if (s := stat_of(p)) and s[1] == start and s[2] not in "ZX"]
        if not alive:
            return time.monotonic() - begin
        time.sleep(0.002)
    return None


def groups():
    """Control groups of this user's launches."""
    found = set()
    for d, _, _ in os.walk("/sys/fs/cgroup"):
        try:
            if re.match(r"bailey-.*-\d+-[0-9a-f]{8}$", os.path.basename(d)) and os.stat(d).st_uid == os.geteuid():
                found.add(d)
        except OSError:
            pass  # gone meanwhile
    return found


def names(directory):
    try:
        return set(os.listdir(directory))
    except OSError:
        return set()


def mounts():
    with open("/proc/self/mountinfo") as f:
        return sorted(f)


def links():
    with open("/proc/self/net/dev") as f:
        return sorted(line.split(":")[0].strip() for line in f if ":" in line)


def files():
    """All that is in the places where a launch could leave something; where others write too, what is an ordinary user's own."""
    found = set()
    for top in {os.environ["HOME"], tempfile.gettempdir(), *SHARED}:
        shared = top in SHARED
        for path in [os.path.join(top, n) for n in names(top)]:
            try:
                if not shared or os.lstat(path).st_uid == os.geteuid() != 0:
                    found.add(path)
            except OSError:
                pass  # gone meanwhile
    return found


def is_ours(path):
    """Nobody else writes in an ordinary user's home while the tests do; elsewhere the name tells."""
    directory, name = os.path.split(path)
    if directory in SHARED or os.geteuid() == 0:
        return "bailey" in name and not name.startswith("bailey-test")
    return True


def snapshot():
    return {"mounts": mounts(), "links": links(), "groups": groups(), "files": files()}


def compare(before, what):
    """After the next command nothing may be left."""
    listed = subprocess.run([bailey, "list"], capture_output=True, text=True, timeout=60)
    if listed.returncode != 0 or len(listed.stdout.splitlines()) != 1 or listed.stderr:
        problems.append(f"{what}: bailey list says {listed.stdout}{listed.stderr}")
    after = snapshot()
    mine = re.compile(r"bailey-(p|shell|box|left)[^/]*$")  # other tests may have groups of other names at the same time
    new_groups = {g for g in after["groups"] - before["groups"] if mine.search(g)}
    if new_groups:
        problems.append(f"{what}: control groups {new_groups}")
    if after["mounts"] != before["mounts"]:
        problems.append(f"{what}: mounts {set(after['mounts']) ^ set(before['mounts'])}")
    if after["links"] != before["links"]:
        problems.append(f"{what}: interfaces {after['links']}")
    if names(state) - {".events"}:
        problems.append(f"{what}: state {names(state)}")
    ours = {f for f in after["files"] - before["files"] if is_ours(f)}
    if ours:
        problems.append(f"{what}: files {ours}")


def command(name, *program):
    words = [bailey, "run", "-q"]
    if name:
        words += ["--name", name]
    return words + options + ["--", *program]


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


# ---- every step, with each process killed there ----


def hold(step, go, name):
    """A launch that stands still at the step: (Popen, who holds it was told by), or None when it came by no such step."""
    env = dict(os.environ, BAILEY_FAULT=step, BAILEY_FAULT_GO=go)
    p = subprocess.Popen(command(name, "sleep", "0.1"), env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                         stderr=subprocess.PIPE, start_new_session=True)
    said, end = b"", time.monotonic() + 30
    while time.monotonic() < end:
        if select.select([p.stderr], [], [], 0.05)[0]:
            data = os.read(p.stderr.fileno(), 4096)
            said += data
            if f"fault: {step} ".encode() in said:
                return p
            if not data:
                break
        elif p.poll() is not None:
            break
    if p.wait(30) != 0:
        problems.append(f"{step}: the launch failed without being held: {p.returncode} {said.decode()}")
    return None


def first_process(p):
    """The sandbox's: the launcher's child that is alone in a pid namespace of its own, as number 1."""
    for pid in descendants(p.pid):
        try:
            with open(f"/proc/{pid}/status") as f:
                text = f.read()
        except OSError:
            continue
        ids = re.search(r"^NSpid:\s+(.*)$", text, re.M).group(1).split()
        if len(ids) > 1 and ids[-1] == "1":
            return pid
    return None


def steps():
    with open(f"{tree}/src/launch/steps.def") as f:
        wanted = re.findall(r"^STEP\((\w+),", f.read(), re.M)
    wanted += ["TRACK", "DESCRIBE", "SUPERVISE", "SETTLE", "UNDO", "LEAVE"]
    source = "".join(open(f"{tree}/src/launch/{n}").read() for n in os.listdir(f"{tree}/src/launch") if n.endswith(".c"))
    for step in wanted:
        if f"FAULT({step});" not in source:
            problems.append(f"{step}: src/launch has no FAULT({step})")
    slowest, done, missed, ended_by_stop = 0.0, 0, [], 0
    for name in (None, "left"):
        for step in wanted:
            for victim in ("launcher", "first", "all", "stopped"):
                go = tempfile.mktemp(prefix="left-go-")
                before = snapshot()
                p = hold(step, go, name)
                if p is None:
                    missed.append(step)
                    break
                first = first_process(p)
                what = f"{step}, {victim} killed, {'with' if name else 'without'} a name"
                below = descendants(p.pid)
                below[p.pid] = stat_of(p.pid)[1]
                if victim == "stopped":  # and then ended as a user would, where it is known by then
                    os.kill(p.pid, signal.SIGSTOP)
                    listed = name and name in subprocess.run([bailey, "list"], capture_output=True, text=True, timeout=60).stdout
                    if not listed:
                        kill(p.pid)
                    elif subprocess.run([bailey, "stop", "--time", "0", name], stdout=subprocess.DEVNULL, timeout=60).returncode != 0:
                        problems.append(f"{what}: bailey stop fails")
                    ended_by_stop += bool(listed)
                elif victim == "first" and first is not None:
                    kill(first)
                elif victim == "all":
                    for pid in below:
                        kill(pid)
                else:
                    kill(p.pid)
                open(go, "w").close()  # whoever was held and is still there goes on, and finds out
                took = gone(below)
                if took is None:
                    left = [(q, open(f"/proc/{q}/cmdline").read()) for q in below if stat_of(q)]
                    problems.append(f"{what}: processes are left: {left}")
                    for q in below:
                        kill(q)
                slowest = max(slowest, took or 0)
                p.wait(30)
                p.stderr.close()
                if os.path.exists(go):
                    os.unlink(go)
                compare(before, what)
                done += 1
    if missed:
        problems.append(f"no launch came by: {sorted(set(missed))}")
    print(f"{done} kills at {len(set(wanted) - set(missed))} of {len(wanted)} steps, {ended_by_stop} of them by bailey stop of a "
          f"launcher that was stopped; "
          f"the last process was gone after {slowest * 1000:.0f} ms at most")


# ---- random moments ----


def random_moments():
    count, slowest, seed = rounds or 60, 0.0, int.from_bytes(os.urandom(4), "big")
    rng = random.Random(seed)
    print(f"seed {seed}")
    before = snapshot()
    begin = time.monotonic()
    subprocess.run(command("left", "true"), check=True, timeout=60)
    whole = time.monotonic() - begin
    victims, entered = {}, 0
    for i in range(count):
        mark = f"{rng.randrange(10**6, 10**7)}"
        p = subprocess.Popen(command("left" if i % 2 else None, "sh", "-c", f"(setsid sleep {mark} &); sleep {mark}"),
                             stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(rng.uniform(0, max(2 * whole, 0.12)))
        entering = None
        if i % 4 == 1:  # it has a name; whoever enters it ends with it, or is told that there is none
            entering = subprocess.Popen([bailey, "enter", "left", "sleep", mark], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(rng.uniform(0, 0.1))
        below = descendants(p.pid)
        if i % 3 == 0 or not below:
            who, victim = "launcher", p.pid
        else:
            victim = rng.choice(sorted(below))
            try:
                with open(f"/proc/{victim}/comm") as f:
                    who = f.read().strip()
            except OSError:
                who = "gone"
        kill(victim)
        if victim != p.pid:  # the others go on, or find out; then an ordinary end of what is left
            time.sleep(0.02)
            below.update(descendants(p.pid))
            if p.poll() is None:
                kill(p.pid)
        victims[who] = victims.get(who, 0) + 1
        took = gone(below)
        if took is None:
            problems.append(f"round {i}: {who} killed: processes are left")
            for q in below:
                kill(q)
        slowest = max(slowest, took or 0)
        p.wait(30)
        if entering is not None:
            try:
                entered += entering.wait(GONE_S) != 2  # of none there is
            except subprocess.TimeoutExpired:
                problems.append(f"round {i}: {who} killed: bailey enter goes on")
                entering.kill()
                entering.wait()
        if i % 10 == 9 or i == count - 1:
            compare(before, f"round {i}, {who} killed")
    print(f"{count} kills at random moments ({', '.join(f'{n} {w}' for w, n in sorted(victims.items()))}), {entered} with somebody who had entered; "
          f"the last process was gone after {slowest * 1000:.0f} ms at most")


# ---- many launches ----


def churn():
    one, many = (rounds, rounds // 5) if rounds else (100, 40)
    before, mine = snapshot(), os.getpid()
    begin = time.monotonic()
    for i in range(one):
        subprocess.run(command("left" if i % 4 == 0 else None, "true"), check=True, timeout=60)
    each = (time.monotonic() - begin) / one * 1000
    if descendants(mine):
        problems.append(f"processes are left: {descendants(mine)}")
    if names(state) - {".events"}:
        problems.append(f"state is left without any further command: {names(state)}")
    compare(before, f"{one} launches one after the other")
    started, running = 0, []
    while started < many or running:
        while started < many and len(running) < 8:
            running.append(subprocess.Popen(command(f"left{started}" if started % 4 == 0 else None, "sleep", f"0.{started % 3}")))
            started += 1
        for p in running[:]:
            if p.poll() is not None:
                running.remove(p)
                if p.returncode != 0:
                    problems.append(f"one of {many} ended with {p.returncode}")
        time.sleep(0.005)
    if descendants(mine):
        problems.append(f"processes are left: {descendants(mine)}")
    compare(before, f"{many} launches, 8 at a time")
    print(f"{one} launches one after the other ({each:.1f} ms each), {many} 8 at a time")


subprocess.run(command(None, "true"), check=True, timeout=60)  # the first one of a home makes its cache, which stays
{"steps": steps, "random": random_moments, "churn": churn}[mode]()
for problem in problems[:20]:
    print("wrong:", problem)
sys.exit(1 if problems else 0)
