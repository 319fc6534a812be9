"""How a request says who asks: one signer per kind of `Auth`, with the secrets from the environment.

Sending is done in `transport.py`; nothing here writes a secret anywhere but into the request.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping

from requests import PreparedRequest
from requests.auth import AuthBase

from ingestion.declarations import Auth
from ingestion.errors import PullError, SignInRefused

# asks the vendor for an access token: address and form in, answer out
AskForToken = Callable[[str, dict[str, str]], Mapping[str, object]]


class Unsigned(AuthBase):
    """Nothing is added; given explicitly, so that no sign-in is taken from a .netrc file."""

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        return request


class HeaderSigned(AuthBase):
    """One header carries the secret."""

    def __init__(self, name: str, value: str) -> None:
        self.name, self.value = name, value

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers[self.name] = self.value
        return request


class QuerySigned(AuthBase):
    """One parameter of the address carries the secret, unless the vendor put it into its next address itself."""

    def __init__(self, name: str, value: str) -> None:
        self.name, self.value = name, value

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        address = request.url or ""
        if f"{self.name}=" not in address:
            request.prepare_url(address, {self.name: self.value})
        return request


class RefreshedToken(AuthBase):
    """An access token, asked for with a refresh token when there is none (RFC 6749, section 6)."""

    def __init__(self, address: str, form: dict[str, str], ask: AskForToken) -> None:
        self._address, self._form, self._ask = address, form, ask
        self._token: str | None = None

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        if self._token is None:
            self._token = self._fetch()
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request

    def forget(self) -> None:
        """The token no longer serves: the next request asks for a new one."""
        self._token = None

    def _fetch(self) -> str:
        try:
            answer = self._ask(self._address, self._form)
        except PullError as error:
            raise SignInRefused(f"No access token was given: {error}") from error
        token = answer.get("access_token")
        if not isinstance(token, str):
            raise SignInRefused(
                "The answer of the sign-in address holds no `access_token`. Check `token_url`."
            )
        return token


def create_signer(auth: Auth, environ: Mapping[str, str], ask: AskForToken) -> AuthBase:
    """The signer that a declaration asks for; every variable it names must be set."""
    secret = environ[auth.secret] if auth.secret else ""
    user = environ[auth.user] if auth.user else "cdp"
    match auth.kind:
        case "bearer":
            return HeaderSigned("Authorization", f"Bearer {secret}")
        case "basic":
            return HeaderSigned("Authorization", f"Basic {b64encode(f'{user}:{secret}'.encode()).decode()}")
        case "header":
            return HeaderSigned(str(auth.name), auth.prefix + secret)
        case "query":
            return QuerySigned(str(auth.name), auth.prefix + secret)
        case "oauth2_refresh":
            form = {"grant_type": "refresh_token", "refresh_token": secret, "client_id": user}
            form["client_secret"] = environ[str(auth.client_secret)]
            return RefreshedToken(str(auth.token_url), form, ask)
        case _:
            return Unsigned()
