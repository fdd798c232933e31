"""A time stamping authority on loopback: openssl answers, this serves. Arguments: its folder, the file for its address."""

import http.server
import pathlib
import subprocess
import sys
import tempfile

FOLDER, ADDRESS = sys.argv[1], pathlib.Path(sys.argv[2])


class Authority(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        request = self.rfile.read(int(self.headers["content-length"]))
        with tempfile.TemporaryDirectory() as folder:
            query, reply = pathlib.Path(folder, "query"), pathlib.Path(folder, "reply")
            query.write_bytes(request)
            command = ["openssl", "ts", "-reply", "-config", f"{FOLDER}/tsa.cnf", "-queryfile", query, "-out", reply]
            subprocess.run(command, check=True, capture_output=True)
            answer = reply.read_bytes()
        self.send_response(200)
        self.send_header("content-type", "application/timestamp-reply")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Authority)
ADDRESS.write_text(f"http://127.0.0.1:{server.server_port}/tsa")
server.serve_forever()
