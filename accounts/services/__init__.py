"""Use-cases around users, their sign-in, streams and service keys."""

from accounts.services.keys import authenticate_service_key, create_service_key
from accounts.services.sessions import (
    Tokens,
    authenticate_access_token,
    bind_browser_session,
    end_login_session,
    ended_sessions,
    refresh_tokens,
    revoke_login_sessions,
    session_of_refresh_token,
)
from accounts.services.sign_in import SignedIn, issue_nonce, sign_in
from accounts.services.stream_proofs import (
    StreamProof,
    authenticate_stream,
    authenticate_streams,
)
from accounts.services.streams import (
    IssuedTicket,
    StreamGrant,
    ended_grants,
    issue_stream_ticket,
)
from accounts.services.upkeep import purge_expired
from accounts.services.users import (
    check_wallet_address,
    get_or_create_user,
    get_or_create_users,
)

__all__ = [
    "IssuedTicket",
    "SignedIn",
    "StreamGrant",
    "StreamProof",
    "Tokens",
    "authenticate_access_token",
    "authenticate_service_key",
    "authenticate_stream",
    "authenticate_streams",
    "bind_browser_session",
    "check_wallet_address",
    "create_service_key",
    "end_login_session",
    "ended_grants",
    "ended_sessions",
    "get_or_create_user",
    "get_or_create_users",
    "issue_nonce",
    "issue_stream_ticket",
    "purge_expired",
    "refresh_tokens",
    "revoke_login_sessions",
    "session_of_refresh_token",
    "sign_in",
]
