"""One whole upgrade, as a client would do it: the public HTTP API, a wallet, Solana's RPC."""

import asyncio
import base64
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from uuid import uuid4

from solders.keypair import Keypair
from solders.transaction import VersionedTransaction

from chain.client import SolanaClient, open_client
from chain.records import MintAccount
from demo.airdrop import request_airdrop
from demo.chain_watch import ChainWatch
from demo.client import ApiClient, Json, Message, StepFailed
from demo.display import Display, Step
from demo.feed import Feed
from demo.timing import UpgradeTiming

STEPS = 14
WALLET_LAMPORTS = 10**9
ENDED_BADLY = ("burn_rejected", "upgrade_cancelled", "upgrade_expired", "reset", "superseded")


@dataclass(frozen=True)
class Target:
    """The system to drive: where it answers, and the key of the services that feed it."""

    base_url: str
    rpc_url: str
    ws_url: str
    service_api_key: str


async def run_upgrade(target: Target, display: Display) -> UpgradeTiming:
    """Earn, unlock, burn, mint, check; raises StepFailed at the first step that fails."""
    wallet = Keypair()
    async with (
        ApiClient(target.base_url, wallet) as api,
        open_client(target.rpc_url, request_seconds=10) as chain,
        ChainWatch(target.ws_url, str(wallet.pubkey())) as watch,
    ):
        run = _Run(target, display, api, chain, watch)
        await run.earn()
        old_nft = await run.unlock()
        return await run.upgrade(old_nft)


class _Run:
    def __init__(
        self,
        target: Target,
        display: Display,
        api: ApiClient,
        chain: SolanaClient,
        watch: ChainWatch,
    ) -> None:
        self.target = target
        self.step = display.step
        self.api = api
        self.chain = chain
        self.watch = watch

    # --- Earning ----------------------------------------------------------------------
    async def earn(self) -> None:
        with self.step("A new wallet with 1 SOL for fees (airdrop)") as step:
            step.fact("wallet", self.api.address)
            await self._airdrop()
        with self.step("Sign in with the wallet"):
            await self.api.sign_in()
        tiers = {tier["level"]: tier for tier in (await self.api.get("/api/v1/tiers"))["results"]}
        async with Feed(self.api.stream("/api/v1/user/nft-events", seconds=60)) as feed:
            with self.step("Trades arrive: milestones, and badges by rule") as step:
                await self._trade(step, feed, Decimal(tiers[2]["requiredVolume"]))
            with self.step("A service awards the badges that no rule gives"):
                await self._award_badges(tiers[1]["requiredBadges"] + tiers[2]["requiredBadges"])
            with self.step("Activate the badges: the first level opens") as step:
                await self._activate_badges(step)
                opened = await feed.until("tier_qualification_changed", note=_narrate(step))
                step.fact("told", opened.body["message"])
        with self.step("Ask what the wallet qualifies for") as step:
            await self._check_qualification(step)

    async def _airdrop(self) -> None:
        await asyncio.to_thread(
            request_airdrop, self.target.rpc_url, self.api.address, WALLET_LAMPORTS
        )

    async def _trade(self, step: Step, feed: Feed, volume: Decimal) -> None:
        parts = [volume // 3, volume // 3, volume - 2 * (volume // 3)]
        for part in parts:
            trade = {
                "tradeId": f"demo-{uuid4()}",
                "walletAddress": self.api.address,
                "volumeUsd": str(part),
                "executedAt": datetime.now(UTC).isoformat(),
            }
            key = self.target.service_api_key
            answer = await self.api.post("/api/v1/trades", [trade], api_key=key)
            if answer["results"][0]["status"] != "recorded":
                raise StepFailed(f"A trade was not recorded: {answer}")
        step.fact("volume", f"{volume} USD in {len(parts)} trades")
        await self._hear(step, feed)

    async def _hear(self, step: Step, feed: Feed) -> None:
        """Both milestones up to the second tier; and two badges, if their rules are still there."""
        heard: Counter[str] = Counter()

        def note(message: Message) -> None:
            heard[message.type] += 1
            step.fact("told", message.body["message"])

        for wanted, seconds in (("volume_milestone_reached", 30), ("badge_earned", 5)):
            while heard[wanted] < 2:
                try:
                    note(await feed.until(wanted, note=note, seconds=seconds))
                except StepFailed:
                    if wanted == "volume_milestone_reached":
                        raise
                    return

    async def _award_badges(self, slugs: list[str]) -> None:
        for slug in slugs:
            await self.api.post(
                f"/api/v1/badges/{slug}/award",
                {"walletAddress": self.api.address},
                api_key=self.target.service_api_key,
            )

    async def _activate_badges(self, step: Step) -> None:
        badges = (await self.api.get("/api/v1/user/badges"))["results"]
        for badge in badges:
            await self.api.post(f"/api/v1/user/badges/{badge['id']}/activate")
        step.fact("badges", ", ".join(badge["slug"] for badge in badges))

    async def _check_qualification(self, step: Step) -> None:
        answer = await self.api.get("/api/v1/user/qualification")
        for level in answer["levels"]:
            if level["level"] == 1 and not level["qualified"]:
                raise StepFailed(f"Not qualified for the first tier: {level['missing']}")
        levels = [str(level["level"]) for level in answer["levels"] if level["qualified"]]
        step.fact("qualified", f"levels {', '.join(levels)}, volume {answer['volume']} USD")

    # --- Unlocking --------------------------------------------------------------------
    async def unlock(self) -> Json:
        """The first NFT, as `GET /api/v1/user/nfts` shows it."""
        path = "/api/v1/user/nft-events"
        with self.step("Unlock the first tier's NFT, and watch the stream") as step:
            async with Feed(self.api.stream(path, seconds=60)) as feed:
                await self.api.post("/api/v1/user/unlock-nft", {"tierLevel": 1})
                await feed.until("nft_unlocked", bad=("nft_unlock_failed",), note=_narrate(step))
            nft: Json = (await self.api.get("/api/v1/user/nfts"))["results"][0]
            step.fact("NFT", f"{nft['tierName']} (level {nft['tierLevel']}), {nft['id']}")
            step.fact("mint", nft["mintAddress"])
            step.fact("transaction", nft["transactionSignature"])
        return nft

    # --- Upgrading --------------------------------------------------------------------
    async def upgrade(self, old: Json) -> UpgradeTiming:
        timing = UpgradeTiming(begun=time.monotonic())
        with self.step("Start the upgrade to level 2") as step:
            body = {"currentNftId": old["id"], "targetLevel": 2}
            request = await self.api.post("/api/nft/upgrade", body)
            timing.accepted = time.monotonic()
            step.fact("request", request["upgradeRequestId"])
        async with Feed(self.api.stream(request["links"]["events"], seconds=120)) as feed:
            signature = await self._burn(request, timing)
            await self._wait_for_proof(feed, signature, timing)
            await self._wait_for_mint(feed, timing)
        await self._check_on_chain(request["upgradeRequestId"], old)
        return timing

    async def _burn(self, request: Json, timing: UpgradeTiming) -> str:
        with self.step("Sign the burn in the wallet and send it to the chain") as step:
            unsigned = VersionedTransaction.from_bytes(base64.b64decode(request["burnTransaction"]))
            signed = VersionedTransaction(unsigned.message, [self.api.wallet])
            signature: str = await self.chain.broadcast(bytes(signed))
            step.fact("transaction", signature)
        with self.step("Tell the backend about the burn"):
            await self.api.post(request["links"]["burnConfirm"], {"burnSignature": signature})
            timing.told = time.monotonic()
        return signature

    async def _wait_for_proof(self, feed: Feed, signature: str, timing: UpgradeTiming) -> None:
        with self.step("The chain finalizes the burn") as step:
            step.now("about 3 s")
            timing.burn_final = await self.watch.finalized(signature)
        with self.step("The backend proves the burn") as step:
            proof = await feed.until("burn_confirmed", bad=ENDED_BADLY, note=_narrate(step))
            step.fact("slot", proof.data["slot"])

    async def _wait_for_mint(self, feed: Feed, timing: UpgradeTiming) -> None:
        with self.step("The backend mints the new NFT, the chain finalizes it") as step:
            done = await feed.until("upgrade_completed", bad=ENDED_BADLY, note=_narrate(step))
            signature = str(done.data["transactionSignature"])
            timing.completed = done.at
            timing.mint_sent = await self.watch.processed(signature)
            timing.mint_final = await self.watch.finalized(signature)
            step.fact("mint", done.data["mintAddress"])
            step.fact("transaction", signature)

    async def _check_on_chain(self, request_id: str, old: Json) -> None:
        with self.step("Check both mints on chain") as step:
            new = (await self.api.get(f"/api/nft/upgrade/{request_id}"))["mintAddress"]
            burned = await self.chain.mint_account(old["mintAddress"])
            minted = await self.chain.mint_account(new)
            if not isinstance(burned, MintAccount) or burned.supply != 0:
                raise StepFailed(f"The old mint is not burned: {burned}")
            if not isinstance(minted, MintAccount) or minted.supply != 1:
                raise StepFailed(f"The new mint is not there: {minted}")
            if minted.mint_authority is not None:
                raise StepFailed(f"More of the new mint could be made: {minted}")
            if not await self.chain.holds(self.api.address, new):
                raise StepFailed(f"The wallet does not hold {new}")
            fields = dict(minted.fields)
            if (fields["issue"], fields["tier"]) != (request_id, "2"):
                raise StepFailed(f"The metadata is not ours: {fields}")
            step.fact("old mint", f"{old['mintAddress']} supply 0 (burned)")
            step.fact("new mint", f"{new} supply 1, in the wallet")
            step.fact("metadata", f"{minted.name}, tier {fields['tier']}, issue {fields['issue']}")


def _narrate(step: Step) -> Callable[[Message], None]:
    """Shows the messages that come while a step waits."""

    def note(message: Message) -> None:
        step.now(message.body.get("message") or message.type)

    return note
