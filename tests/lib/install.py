# SPDX-License-Identifier: LGPL-2.1-or-later
"""The project, installed: a layer per release and state of the tree, compiled inside the image and cached.

The layer is the upper directory of an overlay on the image in which `meson install` ran, so it holds exactly what
installing changed. A tree without meson.build gives no layer: the bed still boots the bare image.
"""

import os
import tempfile

from lib.container import Container
from lib.host import BUILD, LIB, ROOT, BedError, Lock, digest, once, prune, remove_tree

COMPILE_SECONDS = 900

# Where the build directory is mounted inside.
OBJECTS = "/var/lib/acmeward-build"

# Not part of what is installed; a change there needs no new layer.
_IGNORED = {
    ".git", ".ci", "build", "bench", "tests/lib", "tests/scenario", "tests/pebble", "tests/lint",
    "tests/conftest.py", "tests/pytest.ini", "tests/README.md", "tools/test", "tools/demo", "tools/shell",
}


def _sources():
    """Every file that may influence the installation, sorted, as (name relative to the root, path)."""
    found = []
    for folder, folders, files in os.walk(ROOT):
        relative = os.path.relpath(folder, ROOT)
        prefix = "" if relative == "." else relative + "/"
        folders[:] = [name for name in folders if prefix + name not in _IGNORED
                      and name != "__pycache__" and not (prefix == "" and name.startswith("build-"))]
        found += [(prefix + name, os.path.join(folder, name)) for name in files if prefix + name not in _IGNORED]
    return sorted(found)


def source_key():
    """The hash of the tree as it lies there, committed or not."""
    parts = []
    for name, path in _sources():
        try:
            with open(path, "rb") as stream:
                parts += [name, stream.read()]
        except OSError:
            continue  # an editor's temporary file that went away meanwhile
    return digest(*parts, (LIB / "install.sh").read_bytes())


def objects(image):
    """The build directory of this tree, on the host; one for all images of a release, as none has more to build with."""
    return BUILD / "compile" / f"{image.plain_key}-{digest(str(ROOT))}"


def _compile(image, upper):
    """Run install.sh in the image, with `upper` receiving what it writes."""
    folder = objects(image)
    turn = Lock(folder).exclusive()
    log = BUILD / "logs" / image.release / "install.log"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        os.utime(folder)
        container = Container([image.path], upper=upper)
        log.parent.mkdir(parents=True, exist_ok=True)
        container.console = log
        status = container.run_to_end(
            [f"--bind-ro={ROOT}:/usr/src/acmeward", f"--bind={folder}:{OBJECTS}",
             f"--bind-ro={LIB / 'install.sh'}:/usr/src/install.sh", "--setenv=PYTHONDONTWRITEBYTECODE=1",
             "/bin/sh", "/usr/src/install.sh", "/usr/src/acmeward", OBJECTS], COMPILE_SECONDS)
    finally:
        turn.release()
    if status != 0:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-40:])
        raise BedError(f"the tree does not build or install in {image.release}; {log} ends:\n{tail}")


def compiled(image):
    """The build directory, made anew if it is gone: the layer may have come from another tree of the same contents."""
    folder = objects(image)
    if not folder.exists():
        with tempfile.TemporaryDirectory(dir=BUILD) as upper:
            _compile(image, upper)
    return folder


def layers(image, say=lambda text: None):
    """Directories for an overlay with the project installed, topmost first, and the lock that keeps them."""
    if not (ROOT / "meson.build").exists():
        say("there is no meson.build: booting the bare image")
        return [image.path], None
    folder = BUILD / "installed"
    path = folder / f"{image.key}-{source_key()}"

    def make(temporary):
        say(f"compiling and installing the tree in {image.release}")
        _compile(image, temporary)
        for name in ("work", "root"):
            remove_tree(temporary / name)

    lock = once(path, make)
    prune(folder, image.release + "-", keep=8)
    prune(BUILD / "compile", image.release + "-", keep=3)
    return [path / "upper", image.path], lock
