"""The stories that are told again and again, each with a kill somewhere in it."""

from collections.abc import Callable
from dataclasses import dataclass

from proof.story import Story


@dataclass(frozen=True)
class Scenario:
    """`ends` is the status that the request (or the first NFT) must come to.

    `failing`, `loses` and `only` are as in `proof.orders.Order`.
    """

    name: str
    tell: Callable[[Story], None]
    ends: str = "completed"
    failing: int = 0
    loses: str = "request"
    only: str = ""
    is_late: bool = False
    starts_with_nft: bool = True


def upgrade(story: Story) -> None:
    story.start()
    story.confirm(story.burn())
    story.wait_for("completed")


def untold_burn(story: Story) -> None:
    """The browser closes after the burn: nobody tells the backend."""
    story.start()
    story.burn()
    story.look_now()
    story.wait_for("completed")


def handed_in(story: Story) -> None:
    """The member hands the signed burn in, and the backend sends it."""
    story.start()
    while not story.is_burned():
        story.hand_in()
        story.wait_for("completed", "minting", "awaiting_burn")
    story.wait_for("completed")


def rejected_burn(story: Story) -> None:
    """What the member names is no burn; afterwards they burn."""
    story.start()
    story.confirm(story.send_something_else())
    story.wait_for("awaiting_burn")
    story.confirm(story.burn())
    story.wait_for("completed")


def retry(story: Story) -> None:
    """After three attempts that failed the member presses the button, each time."""
    story.start()
    story.confirm(story.burn())
    while story.wait_for("completed", "mint_failed") == "mint_failed":
        story.post("retry", unless="NOTHING_TO_RETRY")


def cancel(story: Story) -> None:
    story.start()
    story.post("cancel")
    story.wait_for("cancelled")


def cancel_and_burn(story: Story) -> None:
    """The burn lands while the request is closing."""
    story.start()
    story.post("cancel")
    story.confirm(story.burn_unasked())
    story.wait_for("completed")


def expiry(story: Story) -> None:
    story.start()
    story.let_expire()
    story.wait_for("expired")


def late_burn(story: Story) -> None:
    """Cancelled for good, and burned all the same."""
    story.start()
    story.post("cancel")
    story.wait_for("cancelled")
    story.confirm(story.burn_unasked())
    story.wait_for("completed")


def unlock(story: Story) -> None:
    story.unlock()
    story.wait_for("unlock minted")


SCENARIOS = (
    Scenario("upgrade", upgrade),
    Scenario("unlock", unlock, ends="unlock minted", starts_with_nft=False),
    Scenario("signed burn handed in", handed_in),
    Scenario("untold burn", untold_burn),
    Scenario("rejected burn", rejected_burn),
    Scenario("every call fails once", retry, failing=1, loses="request"),
    Scenario("every answer is lost once", retry, failing=1, loses="answer"),
    Scenario("retry", retry, failing=3, only="look_at_mint > getGenesisHash"),
    Scenario("cancel", cancel, ends="cancelled"),
    Scenario("burn while closing", cancel_and_burn),
    Scenario("expiry", expiry, ends="expired"),
    Scenario("late burn", late_burn, is_late=True),
)
