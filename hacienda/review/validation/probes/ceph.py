"""Gives Ceph's library each option of a configuration file.

Ceph's programs ignore what they do not know and values of the wrong type. The library refuses them if it gets them one by one.
"""

from __future__ import annotations

import configparser
import importlib
import pathlib
import sys


def complaints(text: str) -> list[str]:
    """What is wrong with a configuration file's text."""
    parser = configparser.ConfigParser(interpolation=None, delimiters=("=",))
    try:
        parser.read_string(text)
    except configparser.Error as error:
        return [str(error)]
    rados = importlib.import_module("rados")
    library = rados.Rados(conf={})
    found = []
    for section in parser.sections():
        for name, value in parser[section].items():
            try:
                library.conf_set(name, value)
            except rados.ObjectNotFound:
                found.append(f"[{section}] {name}: Ceph has no such option")
            except rados.Error:
                found.append(f"[{section}] {name}: Ceph refuses the value {value!r}")
    return found


def main(file: str) -> int:
    """Exit code: 1 if the file is refused."""
    found = complaints(pathlib.Path(file).read_text())
    for complaint in found:
        print(f"{file}: {complaint}")  # noqa: T201
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
