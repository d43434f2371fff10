#!/usr/bin/python3
"""A mail server that does as it is told: smtp_server.py FOLDER [--tls | --starttls] [--user NAME:PASSWORD] [--stays]

Prints its port, keeps each mail it accepts as FOLDER/N.eml, and ends when standard input does. What it does with a
recipient is in the first word of the address: later@ is put off (451), never@ refused (550), late@ and no@ likewise but
after the text, hang@ gets no answer (FOLDER/hang grows by a byte), drop@ a closed connection, lost@ is accepted and the connection closed before saying
so. --stays: QUIT gets no answer. With TLS it makes a certificate for 127.0.0.1, FOLDER/ca.pem.
"""
# Of the system, whose package has aiosmtpd, whatever other Python there is.
import argparse
import asyncio
import pathlib
import ssl
import subprocess
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

ANSWERS = {'later': '451 4.3.2 not now', 'never': '550 5.1.1 no such mailbox'}
AFTER_TEXT = {'late': '452 4.2.2 mailbox is full', 'no': '554 5.7.1 looks like spam'}


class Handler:
    def __init__(self, folder, stays):
        self.folder, self.count = folder, 0
        if stays:
            self.handle_QUIT = self.stay

    async def stay(self, server, session, envelope):
        (self.folder / 'quit').touch()
        await asyncio.sleep(3600)

    async def handle_RCPT(self, server, session, envelope, address, options):
        word = address.split('@')[0]
        if word == 'hang':
            with open(self.folder / 'hang', 'ab') as tries:
                tries.write(b'.')
            await asyncio.sleep(3600)
        if word == 'drop':
            server.transport.abort()
        if word in ANSWERS:
            return ANSWERS[word]
        envelope.rcpt_tos.append(address)
        return '250 OK'

    async def handle_DATA(self, server, session, envelope):
        word = envelope.rcpt_tos[0].split('@')[0]
        if word in AFTER_TEXT:
            return AFTER_TEXT[word]
        self.count += 1
        (self.folder / f'{self.count}.part').write_bytes(envelope.content)
        (self.folder / f'{self.count}.part').rename(self.folder / f'{self.count}.eml')
        if word == 'lost':
            server.transport.abort()
        return '250 OK'


def certificate(folder):
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes',
                    '-keyout', folder / 'key.pem', '-out', folder / 'ca.pem', '-days', '2', '-subj', '/CN=127.0.0.1',
                    '-addext', 'subjectAltName=IP:127.0.0.1'], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / 'ca.pem', folder / 'key.pem')
    return context


async def serve(options):
    context = certificate(options.folder) if options.tls or options.starttls else None
    settings = {'tls_context': context if options.starttls else None, 'require_starttls': options.starttls}
    if options.user:
        name, password = (part.encode() for part in options.user.split(':'))

        def check(server, session, envelope, mechanism, data):
            right = isinstance(data, LoginPassword) and (data.login, data.password) == (name, password)
            return AuthResult(success=right, handled=False)
        settings |= {'authenticator': check, 'auth_required': True, 'auth_require_tls': bool(options.starttls)}
    handler, loop = Handler(options.folder, options.stays), asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(handler, **settings), '127.0.0.1', 0,
                                      ssl=context if options.tls else None)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('folder', type=pathlib.Path)
    parser.add_argument('--tls', action='store_true')
    parser.add_argument('--starttls', action='store_true')
    parser.add_argument('--user')
    parser.add_argument('--stays', action='store_true')
    asyncio.run(serve(parser.parse_args()))


main()
