"""Users without a password, and access tokens for them, made by the keys of a server as the server makes them (crypto/jwt.h)."""
import base64
import hmac
import json
import time
import uuid

FAMILY = str(uuid.uuid4())


def encoded(value):
    raw = value if isinstance(value, bytes) else json.dumps(value, separators=(',', ':')).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b'=').decode()


class Minter:
    """Access tokens of the keyring in PATH, good for MINUTES."""

    def __init__(self, path, minutes=15):
        with open(path, encoding='utf-8') as file:
            self.key = next(key for key in json.load(file)['keys'] if key['use'] == 'jwt')
        self.secret = base64.urlsafe_b64decode(self.key['secret'] + '=')
        self.seconds = minutes * 60

    def token(self, user):
        now = int(time.time())
        text = encoded({'alg': 'HS256', 'kid': self.key['id'], 'typ': 'JWT'}) + '.' + encoded({
            'iss': 'gridiron', 'aud': 'gridiron-api', 'sub': str(user), 'sid': FAMILY, 'epoch': 0, 'mfa': False, 'iat': now,
            'exp': now + self.seconds})
        return text + '.' + encoded(hmac.digest(self.secret, text.encode(), 'sha256'))


def users_sql(users, is_sqlite):
    """One INSERT of USERS, who have proved their addresses and cannot sign in."""
    now = str(int(time.time() * 1e6)) if is_sqlite else 'now()'
    yes = '1' if is_sqlite else 'true'
    rows = ','.join(f"({sql_id(user, is_sqlite)}, '{user}@example.org', '!', {yes}, {yes}, {now}, {now})" for user in users)
    return f'INSERT INTO users (id, email, password_hash, email_verified, is_active, created_at, updated_at) VALUES {rows}'


def sql_id(value, is_sqlite):
    return f"x'{value.hex}'" if is_sqlite else f"'{value}'"
