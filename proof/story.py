"""What a member does in a scenario. Every step outlasts the death of whoever serves it."""

import base64
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
from django.utils import timezone
from solders.hash import Hash
from solders.message import MessageV0
from solders.system_program import TransferParams, transfer
from solders.transaction import VersionedTransaction

from chain.nft import build_burn, burn_memo
from chain.records import Blockhash
from nft.models import UpgradeRequest, UserNft
from proof.member import Member
from proof.node import Node
from proof.phases import Witness
from proof.standing import PROVEN

# Answers after which a client waits and asks again.
PASSING = ("IDEMPOTENCY_IN_FLIGHT",)


class NeverCame(Exception):
    """What a step waited for; it is a breach."""


class Story:
    def __init__(
        self, *, member: Member, node: Node, witness: Witness, http: httpx.Client,
        tend: Callable[[], None], patience: float,
    ) -> None:  # fmt: skip
        self.member = member
        self._patience = patience
        self._node, self._witness, self._http, self._tend = node, witness, http, tend
        self._started: dict[str, Any] = {}

    # --- the member's steps

    def unlock(self) -> None:
        self._send("POST", "/api/v1/user/unlock-nft", {"tierLevel": 1})

    def start(self) -> dict[str, Any]:
        nft = UserNft.objects.get(user=self.member.user)
        body = {"currentNftId": str(nft.id), "targetLevel": nft.tier_level + 1}
        self._started = self._send("POST", "/api/nft/upgrade", body)
        return self._started

    def burn(self) -> str:
        """By a fresh transaction, because a kill may have cost the first one its time."""
        fresh = self._send("GET", self._started["links"]["burnTransaction"])
        return self.send(self._sign(fresh))

    def confirm(self, signature: str) -> None:
        self.post("burn-confirm", {"burnSignature": signature})

    def hand_in(self) -> None:
        """A fresh burn, signed, for the backend to send; nothing once it is burned."""
        path = self._started["links"]["burnTransaction"]
        fresh = self._send("GET", path, unless="NO_BURN_WANTED")
        if "burnTransaction" in fresh:
            signed = base64.b64encode(self._sign(fresh)).decode()
            self.post("burn-confirm", {"signedTransaction": signed}, unless="BURN_ALREADY_PROVEN")

    def _sign(self, fresh: dict[str, Any]) -> bytes:
        return self.member.sign(base64.b64decode(fresh["burnTransaction"]))

    def post(self, step: str, body: object = None, *, unless: str = "") -> None:
        """`unless` is the error code of an answer that is as good."""
        self._send("POST", f"{self._started['links']['self']}/{step}", body or {}, unless=unless)

    # --- on chain

    def send(self, raw: bytes) -> str:
        return self._node.send(raw)

    def send_something_else(self) -> str:
        """A final transaction of the member's wallet that burns nothing."""
        wallet = self.member.key.pubkey()
        pay = transfer(TransferParams(from_pubkey=wallet, to_pubkey=wallet, lamports=1))
        blockhash = Hash.from_string(self._blockhash().value)
        message = MessageV0.try_compile(wallet, [pay], [], blockhash)
        signature = self.send(bytes(VersionedTransaction(message, [self.member.key])))
        self.until(lambda: self._node.is_final(signature), "a final transfer")
        return signature

    def burn_unasked(self) -> str:
        """By a transaction of the member's own making, with the memo of the request."""
        nft = UserNft.objects.get(user=self.member.user)
        unsigned = build_burn(
            wallet=self.member.wallet,
            mint=nft.mint_address,
            memo=burn_memo(UUID(self._started["upgradeRequestId"])),
            blockhash=self._blockhash(),
        )
        return self.send(self.member.sign(unsigned.raw))

    def _blockhash(self) -> Blockhash:
        value = self._node.call("getLatestBlockhash", {"commitment": "finalized"})["value"]
        return Blockhash(value["blockhash"], value["lastValidBlockHeight"])

    # --- time

    def let_expire(self) -> None:
        """As if the time to live were over, and no look were due: beat has to notice."""
        mine, now = UpgradeRequest.objects.filter(user=self.member.user), timezone.now()
        mine.update(expires_at=now, next_run_at=now + timedelta(minutes=5))

    def look_now(self) -> None:
        """As if the sweep were due, once the burn is final."""
        mine = UpgradeRequest.objects.filter(user=self.member.user)
        mine.filter(claimed_by__isnull=True).update(next_run_at=timezone.now())

    def wait_for(self, *statuses: str) -> str:
        """The one that came."""
        seen = ""

        def has_come() -> bool:
            nonlocal seen
            seen = self.status()
            return seen in statuses

        self.until(has_come, " or ".join(statuses))
        return seen

    def is_burned(self) -> bool:
        return self.status() in PROVEN

    def status(self) -> str:
        state = self._witness.state_of(str(self.member.user.id))
        return state.status if state else ""

    def until(self, happened: Callable[[], bool], what: str) -> None:
        """Raises NeverCame. Tends at least once: a step that need not wait may meet a dead process."""
        deadline = time.monotonic() + self._patience
        self._tend()
        while not happened():
            if time.monotonic() > deadline:
                raise NeverCame(f"Never came: {what}. It is {self.status()}.")
            self._tend()
            time.sleep(0.05)

    # --- calls

    def _send(
        self, method: str, path: str, body: object = None, *, unless: str = ""
    ) -> dict[str, Any]:
        """Again and again with the same key, as a client does that got no answer."""
        headers = self.member.headers | {"Idempotency-Key": str(uuid4())}
        answer: httpx.Response | None = None

        def is_answered() -> bool:
            nonlocal answer
            with suppress(httpx.TransportError):
                answer = self._http.request(method, path, json=body, headers=headers)
                return not self._is_passing(answer)
            return False

        self.until(is_answered, f"an answer to {method} {path}")
        assert answer is not None  # noqa: S101 - until() saw one
        found: dict[str, Any] = answer.json()
        if not answer.is_success and found["error_code"] != (unless or None):
            raise NeverCame(f"success of {method} {path}: {answer.text}")
        return found

    @staticmethod
    def _is_passing(answer: httpx.Response) -> bool:
        if answer.status_code != 409:
            return answer.status_code in (502, 503)
        found = answer.json()
        is_starting = found["error_code"] == "UPGRADE_IN_PROGRESS" and not found["details"]
        return is_starting or found["error_code"] in PASSING
