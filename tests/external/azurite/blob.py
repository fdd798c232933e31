"""One request to a blob service, signed with the key of the account. Arguments: base URL, method, path below the account."""

import base64
import datetime
import hashlib
import hmac
import os
import sys
import urllib.parse
import urllib.request

BASE, METHOD, PATH = sys.argv[1:]
ACCOUNT = "leaver"
date = datetime.datetime.now(datetime.timezone.utc).strftime("%a, %d %b %Y %H:%M:%S GMT")
headers = {"x-ms-date": date, "x-ms-version": "2021-12-02"}
path, _, query = PATH.partition("?")
resource = f"/{ACCOUNT}/{ACCOUNT}/{path}" + "".join(f"\n{k}:{v}" for k, v in sorted(urllib.parse.parse_qsl(query)))
named = "".join(f"{name}:{value}\n" for name, value in sorted(headers.items()))
text = METHOD + "\n" * 12 + named + resource
key = base64.b64decode(os.environ["AZURE_STORAGE_KEY"])
signature = base64.b64encode(hmac.new(key, text.encode(), hashlib.sha256).digest()).decode()
headers["authorization"] = f"SharedKey {ACCOUNT}:{signature}"
request = urllib.request.Request(f"{BASE}/{ACCOUNT}/{PATH}", method=METHOD, headers=headers)
urllib.request.urlopen(request).close()
