"""Holds every Kubernetes manifest against the schema of its kind, strictly."""
import sys
from pathlib import Path

import kubernetes_validate
import yaml

count = 0
for path in sorted(Path(sys.argv[1]).glob("kubernetes-*.yaml")):
    for manifest in yaml.safe_load_all(path.read_text()):
        kubernetes_validate.validate(manifest, kubernetes_validate.latest_version(), strict=True)
        count += 1
assert count >= 2, "no manifests were found"
print(f"{count} manifests")
