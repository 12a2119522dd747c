"""How much of an upgrade's time is the backend's own, and how much is the chain's."""

from dataclasses import dataclass, field


@dataclass
class UpgradeTiming:
    """Moments of one upgrade on the client's clock (seconds of `time.monotonic()`).

    All are taken outside the backend: arrival of HTTP answers, of stream messages, and of the
    chain's own WebSocket notices about the two transactions. The path of an upgrade is

        begun > accepted | burn on chain > burn_final > mint_sent > mint_final > completed

    and the backend's own time is what lies on that path and is not the chain's:

        (accepted - begun)               POST /api/nft/upgrade, with its look at the chain
      + (mint_sent - max(burn_final, told))  final on chain, until it is proven and the new mint
                                         is in the chain's current slot
      + (completed - mint_final)         final on chain, until the client knows it is completed

    POST burn-confirm runs while the chain finalizes, so it is not on the path unless it
    outlasts that. Signing and sending in the wallet are the client's time and left out.
    """

    begun: float
    accepted: float = field(default=0.0)
    told: float = field(default=0.0)
    burn_final: float = field(default=0.0)
    mint_sent: float = field(default=0.0)
    mint_final: float = field(default=0.0)
    completed: float = field(default=0.0)

    @property
    def parts(self) -> dict[str, float]:
        """The backend's own time in milliseconds, by part."""
        seconds = {
            "accepting the request": self.accepted - self.begun,
            "proving the final burn and sending the mint": (
                self.mint_sent - max(self.burn_final, self.told)
            ),
            "recording the final mint": self.completed - self.mint_final,
        }
        return {name: max(0.0, value) * 1000 for name, value in seconds.items()}

    @property
    def own_ms(self) -> float:
        return sum(self.parts.values())

    @property
    def total_ms(self) -> float:
        return (self.completed - self.begun) * 1000

    def document(self) -> dict[str, object]:
        """All of it in milliseconds, as JSON."""
        return {"total": self.total_ms, "parts": self.parts}
