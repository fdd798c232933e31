"""Holds the resolved packages of this platform against deny.toml: each licence expression can be met by what is allowed, each
source is the public registry, and nothing that is banned is there."""

import json
import re
import subprocess
import sys
import tomllib

REGISTRY = "registry+https://github.com/rust-lang/crates.io-index"


def packages(root):
    host = re.search(r"^host: (\S+)$", subprocess.check_output(["rustc", "-vV"], text=True), re.M).group(1)
    command = ["cargo", "metadata", "--format-version", "1", "--locked", "--filter-platform", host]
    found = json.loads(subprocess.check_output(command, cwd=root))
    used = {node["id"] for node in found["resolve"]["nodes"]}
    return [package for package in found["packages"] if package["id"] in used and package["source"]]


def is_allowed(expression, allowed):
    """Evaluates an SPDX expression; `/` is the old way to write OR."""
    tokens = re.findall(r"\(|\)|[A-Za-z0-9.+-]+(?: WITH [A-Za-z0-9.+-]+)?", expression.replace("/", " OR "))
    words = [{"OR": "or", "AND": "and", "(": "(", ")": ")"}.get(token, repr(token in allowed)) for token in tokens]
    return bool(words) and eval(" ".join(words), {"__builtins__": {}})  # True, False, or, and, brackets: nothing else


def main(root):
    with open(f"{root}/deny.toml", "rb") as file:
        rules = tomllib.load(file)
    allowed, banned = set(rules["licenses"]["allow"]), {entry["crate"] for entry in rules["bans"]["deny"]}
    all_packages, faults = packages(root), []
    for package in all_packages:
        name = f"{package['name']} {package['version']}"
        if not is_allowed(package["license"] or "", allowed):
            faults.append(f"{name}: the licence {package['license']!r} is not allowed")
        if package["source"] != REGISTRY:
            faults.append(f"{name}: comes from {package['source']}")
        if package["name"] in banned:
            faults.append(f"{name}: is banned")
    assert not is_allowed("GPL-3.0-only", allowed) and is_allowed("GPL-3.0-only OR MIT", allowed)
    assert not is_allowed("MIT AND GPL-3.0-only", allowed) and not is_allowed("", allowed)
    print("\n".join(faults) or f"dependencies: {len(all_packages)} packages, licences and sources as in deny.toml")
    return bool(faults)


sys.exit(main(sys.argv[1]))
