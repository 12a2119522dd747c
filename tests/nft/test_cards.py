"""The PNG of an NFT, for social networks and wallets that draw no SVG."""

import io

import pytest
from django.test import Client
from PIL import Image, ImageChops

from nft.models import FaceFile, Tier
from nft.services.cards import draw_card
from nft.services.faces import Face
from nft.services.seeding import seed_ladder
from nft.terms import TierTerms
from tests.nft.conftest import make_nft, make_user

pytestmark = pytest.mark.django_db


def terms(**changes: object) -> TierTerms:
    seed_ladder()
    return TierTerms(**(vars(TierTerms.of(Tier.objects.get(level=2))) | changes))


def opened(card: bytes) -> Image.Image:
    with Image.open(io.BytesIO(card)) as picture:
        assert picture.format == "PNG"
        return picture.convert("RGB")


def size_of(card: bytes) -> tuple[int, int]:
    return opened(card).size


def differing(one: bytes, other: bytes) -> tuple[int, int, int, int] | None:
    """The box of the pixels that differ: how they are compressed is the library's affair."""
    return ImageChops.difference(opened(one), opened(other)).getbbox()


def test_an_nft_has_a_card_that_is_drawn_once_and_cached(client: Client) -> None:
    seed_ladder()
    path = f"/api/v1/nfts/{make_nft(make_user()).mint_address}/card.png"
    first = client.get(path, headers={"Accept": "image/webp"})
    assert (first.status_code, first.headers["Content-Type"]) == (200, "image/png")
    assert size_of(first.content) == (1200, 630)
    assert len(first.content) < 300_000
    assert first.headers["Cache-Control"] == "public, max-age=3600"
    row = FaceFile.objects.get()
    assert first.headers["ETag"] == f'"{row.sha256}"'
    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, FaceFile.objects.count()) == (304, 1)


def test_a_card_shows_which_nft_it_is() -> None:
    mint, other = "1" * 44, "2" * 44
    one = draw_card(Face(mint, terms(), 12))
    assert differing(one, draw_card(Face(mint, terms(), 12))) is None
    different = [
        Face(other, terms(), 12),
        Face(mint, terms(), 13),
        Face(mint, terms(name="No"), 12),
    ]
    assert all(differing(one, draw_card(face)) for face in different)


@pytest.mark.parametrize("name", ["", "a\nb\x00", "W" * 200])
def test_a_card_is_drawn_whatever_an_operator_wrote(name: str) -> None:
    assert size_of(draw_card(Face("1" * 44, terms(name=name, colour="red;", level=99)))) == (
        1200, 630,
    )  # fmt: skip
