"""The tables of this app: who somebody is, and what proves it."""

from accounts.models.keys import ServiceKey
from accounts.models.nonces import SignInNonce
from accounts.models.sessions import LoginSession, StreamTicket
from accounts.models.users import User, UserManager

__all__ = ["LoginSession", "ServiceKey", "SignInNonce", "StreamTicket", "User", "UserManager"]
