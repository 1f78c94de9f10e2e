# SPDX-License-Identifier: MIT
"""What the Linux guest tests share: initramfs archives with extra files, and one guest run."""
import os
import pathlib
import re
import subprocess
import tempfile

READY = "guest ready:"


def cpio_entry(name, data, mode):
    """One newc entry; name and data are padded to 4 bytes."""
    encoded = name.encode() + b"\0"
    fields = [0, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(encoded), 0]
    head = b"070701" + b"".join(b"%08x" % f for f in fields) + encoded
    return head + b"\0" * (-len(head) % 4) + data + b"\0" * (-len(data) % 4)


def append_archive(base, out, files):
    """Writes base followed by an archive of files {name in the guest: bytes}, all executable. Linux
    unpacks both, one after the other; ours is not compressed, which saves the guest the work."""
    directories = {str(p) for name in files for p in pathlib.PurePath(name).parents} - {"."}
    with open(out, "wb") as f:
        f.write(pathlib.Path(base).read_bytes())
        f.write(b"\0" * (-f.tell() % 4))
        for name in sorted(directories):
            f.write(cpio_entry(name, b"", 0o40755))
        for name, data in files.items():
            f.write(cpio_entry(name, data, 0o100755))
        f.write(cpio_entry("TRAILER!!!", b"", 0))


class Guest:
    """The parts of a Linux domain that do not change from run to run."""

    KIND, CONSOLE = "hvm", "ttyS0"

    def __init__(self, epixen, kernel, ramdisk, memory=512, engine="jit"):
        self.epixen, self.kernel, self.ramdisk, self.memory = epixen, kernel, ramdisk, memory
        self.engine = engine

    def on(self, engine):
        """The same on another engine."""
        return type(self)(self.epixen, self.kernel, self.ramdisk, self.memory, engine)

    def config(self, directory, name, vcpus=1, run=None, **keys):
        """Writes a config file and returns its path."""
        settings = dict(name=name, type=self.KIND, memory=self.memory, vcpus=vcpus,
                        kernel=str(self.kernel), ramdisk=str(self.ramdisk), engine=self.engine)
        settings.update(keys)
        settings["extra"] = (f"console={self.CONSOLE} " + keys.get("extra", "") +
                             (f' run="{run}"' if run else ""))
        path = pathlib.Path(directory) / f"{name}.cfg"
        path.write_text("".join(
            f"{k} = '{v}'\n" if isinstance(v, str) else f"{k} = {v}\n" for k, v in settings.items()))
        return path

    def run(self, name, timeout=900, **keys):
        """Boots, waits for the end of the domain; returns (exit code, console text). A domain that
        does not end is destroyed: exit code None."""
        with tempfile.TemporaryDirectory() as directory:
            path = self.config(directory, name, **keys)
            try:
                done = subprocess.run([self.epixen, "create", "-c", str(path)], capture_output=True,
                                      stdin=subprocess.DEVNULL, timeout=timeout)
                code, out, err = done.returncode, done.stdout, done.stderr
            except subprocess.TimeoutExpired as late:
                self.command("destroy", name, check=False)
                code, out, err = None, late.stdout or b"", late.stderr or b""
        text = out.decode(errors="replace").replace("\r", "")
        return code, text + err.decode(errors="replace")

    def command(self, *words, check=True):
        done = subprocess.run([self.epixen, *words], capture_output=True, text=True)
        if check and done.returncode:
            raise RuntimeError(f"epixen {' '.join(words)}: {done.stderr.strip()}")
        return done.stdout

    def pid(self, name):
        return int(find(r"pid\s*[:=]?\s*(\d+)", self.command("list", "-l", name)))


class PvGuest(Guest):
    """A kernel that knows Xen, as a paravirtual domain."""

    KIND, CONSOLE = "pv", "hvc0"


def add_arguments(parser):
    parser.add_argument("--epixen", default="build/epixen")
    parser.add_argument("--kernel", required=True)
    parser.add_argument("--ramdisk", required=True)


def cpu_seconds(pid):
    """Host CPU time that a process has used."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def find(pattern, text):
    match = re.search(pattern, text)
    return match.group(1) if match else None
