"""Questions that are asked together are answered together, and each gets its own answer."""

import asyncio

import pytest

from realtime.coalescing import Coalescer


class Answers:
    """Doubles numbers; the first call waits until it is let go."""

    def __init__(self) -> None:
        self.calls: list[list[int]] = []
        self.asked = asyncio.Event()
        self.go = asyncio.Event()

    async def __call__(self, numbers: list[int]) -> list[int]:
        self.calls.append(numbers)
        self.asked.set()
        await self.go.wait()
        if 13 in numbers:
            raise ValueError
        return [2 * number for number in numbers]


async def ask_while_busy(answers: Answers, numbers: list[int]) -> list[asyncio.Task[int]]:
    """The first is asked alone, the others while it is being answered."""
    coalescer = Coalescer(answers, limit=3)
    first = asyncio.create_task(coalescer.ask(numbers[0]))
    await answers.asked.wait()
    others = [asyncio.create_task(coalescer.ask(number)) for number in numbers[1:]]
    await asyncio.sleep(0)
    return [first, *others]


async def test_who_asks_meanwhile_shares_the_next_call() -> None:
    answers = Answers()
    asked = await ask_while_busy(answers, [1, 2, 3, 4, 5])
    answers.go.set()
    assert await asyncio.gather(*asked) == [2, 4, 6, 8, 10]
    assert answers.calls == [[1], [2, 3, 4], [5]]


async def test_a_call_that_fails_fails_for_its_own_askers_only() -> None:
    answers = Answers()
    asked = await ask_while_busy(answers, [1, 2, 13, 4, 5])
    answers.go.set()
    found = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(answer) for answer in found] == [int, ValueError, ValueError, ValueError, int]


async def test_who_gives_up_harms_nobody() -> None:
    answers = Answers()
    asked = await ask_while_busy(answers, [1, 2, 3])
    asked[1].cancel()
    answers.go.set()
    with pytest.raises(asyncio.CancelledError):
        await asked[1]
    assert [await asked[0], await asked[2]] == [2, 6]
