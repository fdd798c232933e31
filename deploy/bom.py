"""The bill of materials of the release, CycloneDX 1.6: every crate that the program is made of, by the lock file.

    python3 deploy/bom.py > leaver.cdx.json
"""

import json
import os
import subprocess
import uuid


def linked(metadata):
    """The packages that the program itself needs, and which needs which: not those of tests and build scripts."""
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    root, found = metadata["resolve"]["root"], {}
    waiting = [root]
    while waiting:
        package = waiting.pop()
        if package in found:
            continue
        normal = lambda dep: any(kind["kind"] is None for kind in dep["dep_kinds"])
        found[package] = sorted(dep["pkg"] for dep in nodes[package]["deps"] if normal(dep))
        waiting.extend(found[package])
    return root, found


def checksums():
    sums, name, version = {}, None, None
    with open("Cargo.lock") as lock:
        for line in lock:
            key, _, value = line.partition(" = ")
            value = value.strip().strip('"')
            if key == "name":
                name = value
            elif key == "version":
                version = value
            elif key == "checksum":
                sums[name, version] = value
    return sums


def component(package, sums, kind="library"):
    name, version = package["name"], package["version"]
    made = {"type": kind, "bom-ref": f"pkg:cargo/{name}@{version}", "name": name, "version": version, "purl": f"pkg:cargo/{name}@{version}"}
    if package.get("license"):
        # Cargo of old wrote a slash where SPDX has OR.
        made["licenses"] = [{"expression": package["license"].replace("/", " OR ")}]
    if (name, version) in sums:
        made["hashes"] = [{"alg": "SHA-256", "content": sums[name, version]}]
    return made


def main():
    host = next(line.split()[1] for line in subprocess.check_output(["rustc", "-vV"], text=True).splitlines() if line.startswith("host:"))
    command = ["cargo", "metadata", "--locked", "--format-version", "1", "--filter-platform", host]
    metadata = json.loads(subprocess.check_output(command))
    packages = {package["id"]: package for package in metadata["packages"]}
    root, found = linked(metadata)
    sums = checksums()
    reference = lambda package: component(packages[package], sums)["bom-ref"]
    lock = open("Cargo.lock").read()
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        # The same lock file gives the same document.
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, lock)}",
        "version": 1,
        "metadata": {"component": component(packages[root], sums, "application")},
        "components": [component(packages[one], sums) for one in sorted(found, key=reference) if one != root],
        "dependencies": [{"ref": reference(one), "dependsOn": sorted({reference(dep) for dep in found[one]})} for one in sorted(found, key=reference)],
    }
    print(json.dumps(document, indent=1))


os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
main()
