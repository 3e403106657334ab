#!/usr/bin/env python3
"""A registry whose responses are hostile: markup, control characters, ANSI, bidirectional overrides, invalid UTF-8, and
bodies of 10 MB. Prints its URL.
"""

import http.server

SCRIPT = b'<script>hostile=1</script></script></style></pre><img src=x onerror="hostile=1"><svg onload=hostile=1>'
TEXT = SCRIPT + b'\x00\x1b[31mred\x1b]0;title\x07 \xff\xfe ' + "\u202etxt.exe\u2066\u200b ' \" & ]]>".encode() + b"\r\n"
HEADER = SCRIPT + "\u202e".encode() + b" javascript:hostile=1"


class Hostile(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def respond(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        is_base = self.path == "/v2/"
        body = b"{}" if is_base else TEXT
        if "/tags/list" in self.path:
            body = TEXT + b"x" * 10_000_000
        head = b"HTTP/1.1 %d %s\r\n" % (200 if is_base else 418, b"OK")
        for name, value in [
            (b"Content-Type", b"application/json" if is_base else HEADER),
            (b"Docker-Distribution-Api-Version", b"registry/2.0"),
            (b"Server", HEADER),
            (b"Location", b"javascript:hostile=1//" + HEADER),
            (b"Docker-Content-Digest", HEADER),
            (b"Content-Length", b"%d" % len(body)),
        ]:
            head += name + b": " + value + b"\r\n"
        self.wfile.write(head + b"\r\n" + (b"" if self.command == "HEAD" else body))

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = respond

    def log_message(self, *arguments):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hostile)
print(f"serving on http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
