"""Every command line of leaver in the examples has to be one: the options exist. A file that is missing ends it with 2,
and the message names that file, not an option."""
import re
import subprocess
import sys
import tempfile
from pathlib import Path

deploy, leaver = Path(sys.argv[1]), sys.argv[2]
lines = []
for path in sorted(deploy.iterdir()):
    text = path.read_text()
    lines += [(path.name, line) for line in re.findall(r"leaver (sweep --[^|\n]*)", text)]
    for args in re.findall(r"args: \[([^\]]*)\]", text):
        lines.append((path.name, " ".join(part.strip(" \"'") for part in args.split(","))))
assert len(lines) >= 4, lines
for name, line in lines:
    with tempfile.TemporaryDirectory() as folder:
        ran = subprocess.run([leaver, *line.split()], cwd=folder, capture_output=True, text=True, timeout=60,
                             env={"HOME": folder, "TMPDIR": folder})
    told = ran.stderr
    assert ran.returncode == 2 and "unexpected argument" not in told and "leaver.toml" in told, (name, line, ran.returncode, told)
print(f"{len(lines)} command lines")
