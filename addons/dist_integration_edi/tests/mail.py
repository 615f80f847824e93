"""A partner's mail server."""

import socketserver
import threading
from email import message_from_bytes, policy


class MailServer:
    """Takes mails by SMTP.

    :ivar mails: list of email.message.EmailMessage that were taken
    :ivar answers: answers to the next recipients, in turn; "250 ok" when used up
    """

    def __init__(self):
        self.mails, self.answers = [], []
        mail_server = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                self._say("220 partner")
                for line in iter(self.rfile.readline, b""):
                    command = line.strip().upper()
                    if command.startswith(b"RCPT") and mail_server.answers:
                        self._say(mail_server.answers.pop(0))
                    elif command == b"DATA":
                        self._say("354 go on")
                        mail_server.mails.append(self._read_mail())
                        self._say("250 ok")
                    elif command == b"QUIT":
                        self._say("221 bye")
                        return
                    else:
                        self._say("250 ok")

            def _read_mail(self):
                lines = iter(self.rfile.readline, b".\r\n")
                raw = b"".join(line.removeprefix(b".") for line in lines)
                return message_from_bytes(raw, policy=policy.default)

            def _say(self, text):
                self.wfile.write(f"{text}\r\n".encode())

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def port(self):
        return self._server.server_address[1]

    def close(self):
        self._server.shutdown()
        self._server.server_close()
