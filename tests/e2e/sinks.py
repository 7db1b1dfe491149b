"""Small servers that take what basesync tells people: HTTP POSTs and pings, and mail by SMTP over TLS."""
import email
import email.header
import http.server
import os
import socketserver
import ssl
import threading


def tls_of(twin):
    """The twin's own certificate, so that the program trusts these servers by the same CA."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(os.path.join(twin.dir, "server.pem"))
    return tls


class Http:
    """HTTPS. Requests are kept as (method, path, content type, body); `status` is what it answers."""

    def __init__(self, twin):
        sink, self.got, self.status = self, [], 200

        class Handler(http.server.BaseHTTPRequestHandler):
            def handle_any(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                sink.got.append((self.command, self.path, self.headers.get("Content-Type"), body))
                self.send_response(sink.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_GET = do_POST = handle_any

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.socket = tls_of(twin).wrap_socket(self.server.socket, server_side=True,
                                                      do_handshake_on_connect=False)
        self.url = f"https://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def paths(self):
        return [path for _, path, _, _ in self.got]


class Mail:
    """SMTP over TLS from the first byte, with AUTH PLAIN. Messages are kept as (from, [to], message);
    `logins` has what was offered; `refuse` is answered to a login when it is set."""

    def __init__(self, twin):
        sink, self.got, self.logins, self.refuse = self, [], [], None

        class Handler(socketserver.StreamRequestHandler):
            def say(self, text):
                self.wfile.write(text.encode() + b"\r\n")

            def handle(self):
                sender, to = None, []
                self.say("220 sink")
                for raw in self.rfile:
                    line = raw.decode().strip()
                    verb = line.split(" ")[0].upper()
                    if verb == "EHLO":
                        self.say("250-sink")
                        self.say("250 AUTH PLAIN")
                    elif verb == "AUTH":
                        word = line.split(" ")[2] if line.count(" ") == 2 else None
                        if word is None:
                            self.say("334 ")
                            word = self.rfile.readline().decode().strip()
                        sink.logins.append(word)
                        self.say(sink.refuse or "235 welcome")
                    elif verb == "MAIL":
                        sender = line[10:].strip("<>")
                        self.say("250 fine")
                    elif verb == "RCPT":
                        to.append(line[8:].strip("<>"))
                        self.say("250 fine")
                    elif verb == "DATA":
                        self.say("354 go on")
                        text = b""
                        while not text.endswith(b"\r\n.\r\n"):
                            text += self.rfile.readline()
                        sink.got.append((sender, to, email.message_from_bytes(text[:-3])))
                        self.say("250 taken")
                    elif verb == "QUIT":
                        self.say("221 bye")
                        return
                    else:
                        self.say("502 no")

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True

        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.socket = tls_of(twin).wrap_socket(self.server.socket, server_side=True,
                                                      do_handshake_on_connect=False)
        self.url = f"smtps://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    @staticmethod
    def subject(message):
        return str(email.header.make_header(email.header.decode_header(message["Subject"])))
