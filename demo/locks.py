"""Checks, offline, that the lock files still answer `pyproject.toml`."""

import re
import sys
import tomllib
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from demo.install import EXTRAS, LOCKS, ROOT

PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;]+)[^\n]*\\\n\s+--hash=sha256:", re.MULTILINE)


def complaints() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pins = {kind: _pins(path) for kind, path in LOCKS.items()}
    found = [
        f"{LOCKS[kind].name}: {line}"
        for kind, extras in EXTRAS.items()
        for line in unmet(wanted(project, extras), pins[kind])
    ]
    found += [
        f"{name}: {version} in one lock file, {pins['dev'].get(name)} in the other"
        for name, version in pins["runtime"].items()
        if pins["dev"].get(name) != version
    ]
    return found + [
        f"{path.name} names a registry" for path in LOCKS.values() if "://" in path.read_text()
    ]


def _pins(lock: Path) -> dict[str, str]:
    return {canonicalize_name(name): version for name, version in PIN.findall(lock.read_text())}


def wanted(project: dict[str, Any], extras: tuple[str, ...]) -> list[Requirement]:
    lines = list(project["dependencies"])
    for extra in extras:
        lines += project["optional-dependencies"][extra]
    return [Requirement(line) for line in lines]


def unmet(requirements: list[Requirement], pins: dict[str, str]) -> list[str]:
    return [
        f"{requirement} is not met by {pins.get(canonicalize_name(requirement.name))}"
        for requirement in requirements
        if not requirement.specifier.contains(
            pins.get(canonicalize_name(requirement.name), "0"), prereleases=True
        )
    ]


def main() -> int:
    found = complaints()
    for complaint in found:
        print(complaint, file=sys.stderr)
    if found:
        print("Run `make lock`.", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
