#!/bin/sh
# Times the import of an exported log beside `rg -F` and DuckDB: the same file, the same run, warm cache, best of three.
# Usage: tests/bench/offline.sh [FOLDER]      needs rg, python3 with venv, and 6 GB in FOLDER (default: a temporary one)
set -eu
folder=${1:-$(mktemp -d)}
rows=5000000
cd "$(dirname "$0")/../.."

cargo bench --bench log --no-run
bench=$(cargo bench --bench log --no-run --message-format json 2>/dev/null |
    sed -n 's/.*"executable":"\([^"]*\/log-[^"]*\)".*/\1/p' | tail -n 1)
[ -x "$folder/venv/bin/python" ] || python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet duckdb==1.5.5

log=$folder/log.ndjson
[ -s "$log" ] || "$bench" generate "$log" $rows 5000
"$bench" callers 1 >"$folder/one"
"$bench" callers 1000 >"$folder/thousand"
# A sweep of whom only one ever called: the log has 5,000 callers.
"$bench" callers 6000 | sed -e 1b -e 1,5001d >"$folder/quiet"
oid=$(cat "$folder/one")
cat "$log" >/dev/null

cat >"$folder/duck.py" <<'PYTHON'
import sys, time, duckdb
log, oid = sys.argv[1:]
text = ["caller_oid", "caller_upn", "mcp_server", "tool_name", "scope_used", "resource_accessed", "apim_request_id", "_ItemId"]
columns = {"TimeGenerated": "TIMESTAMP", "latency_ms": "INTEGER", "response_status": "INTEGER"} | {name: "VARCHAR" for name in text}
start = time.perf_counter()
found = duckdb.sql(
    f"SELECT * FROM read_json('{log}', format = 'newline_delimited', columns = {columns}) WHERE caller_oid = '{oid}'"
).fetchall()
print(f"{time.perf_counter() - start:.3f} s, {len(found)} records")
PYTHON

best() {
    for _ in 1 2 3; do "$@"; done | sort -n | head -n 1
}
rg_once() {
    python3 -c 'import subprocess, sys, time
start = time.perf_counter()
subprocess.run(["rg", "-F", *sys.argv[1:]], stdout=subprocess.DEVNULL)
print(f"{time.perf_counter() - start:.3f} s")' "$oid" "$log"
}

rg=$(best rg_once)
one=$(best "$bench" import "$log" "$folder/one")
quiet=$(best "$bench" import "$log" "$folder/quiet")
thousand=$(best "$bench" import "$log" "$folder/thousand")
duck=$(best "$folder/venv/bin/python" "$folder/duck.py" "$log" "$oid")

busy=$folder/busy.ndjson
[ -s "$busy" ] || "$bench" generate "$busy" 10000000 1
all=$("$bench" import "$busy" "$folder/one")

seconds() { printf '%s' "$1" | cut -d' ' -f1; }
ratio() { echo "$(seconds "$1") $(seconds "$2")" | awk '{ printf "%.2f", $1 / $2 }'; }
echo "rg -F                      $rg"
echo "one caller                 $one    $(ratio "$one" "$rg") x rg"
echo "a thousand, one called     $quiet    $(ratio "$quiet" "$one") x one"
echo "a thousand callers         $thousand    $(ratio "$thousand" "$one") x one"
echo "DuckDB, declared columns   $duck    $(ratio "$duck" "$one") x one"
echo "10 million of one caller   $all"
