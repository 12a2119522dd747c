"""What a wallet reads behind a mint's `uri`."""

import base64
import hashlib
import xml.etree.ElementTree as ET

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from accounts.models import User
from nft.models import FaceFile, MintOrder, NftStatus, Tier
from nft.services import face_files
from nft.services.faces import Face
from nft.services.mint_texts import texts_of
from nft.services.pictures import draw_picture
from nft.terms import TierTerms
from tests.nft.conftest import make_nft, make_order, new_address

pytestmark = pytest.mark.usefixtures("tiers")

HOSTILE = '"><script>x()</script>&]]>'
PARTS = ["metadata.json", "image.svg"]


def url(mint: str, part: str = "metadata.json") -> str:
    return f"/api/v1/nfts/{mint}/{part}"


def words(svg: bytes | str) -> list[str]:
    """The texts of a picture; raises when it is not well-formed."""
    root = ET.fromstring(svg)  # noqa: S314 - our own drawing
    assert {element.tag.split("}")[1] for element in root.iter()} <= {
        "svg", "title", "defs", "radialGradient", "linearGradient", "stop", "rect", "g", "circle",
        "polygon", "text",
    }  # fmt: skip
    return [element.text or "" for element in root.iter() if element.tag.endswith("text")]


def test_metadata_exists_as_soon_as_the_address_does(client: Client, user: User) -> None:
    order = make_order(user, Tier.objects.get(level=2))
    response = client.get(url(order.mint_address))
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/json"
    picture = client.get(url(order.mint_address, "image.svg")).content
    sha256 = hashlib.sha256(picture).hexdigest()
    image = f"http://127.0.0.1:8000/api/v1/nfts/{order.mint_address}/image.svg?sha256={sha256}"
    assert response.json() == {
        "name": "AIW3 Navigator",
        "symbol": "AIW3",
        "description": "Knows the markets and keeps a course.",
        "image": image,
        "external_url": "http://127.0.0.1:8000",
        "attributes": [
            {"trait_type": "Tier", "value": "Navigator"},
            {"trait_type": "Level", "value": 2},
            {"trait_type": "Trading fee reduction", "value": "10%"},
            {"trait_type": "AI agent weekly uses", "value": 10},
            {"trait_type": "Priority support", "value": "No"},
        ],
        "properties": {
            "category": "image",
            "files": [{"uri": image, "type": "image/svg+xml", "sha256": sha256}],
        },
    }


def test_metadata_says_what_the_chain_says(client: Client, user: User) -> None:
    order = make_order(user, Tier.objects.get(level=3))
    body, on_chain = client.get(url(order.mint_address)).json(), texts_of(order)
    assert (body["name"], body["symbol"]) == (on_chain["name"], on_chain["symbol"])
    assert on_chain["uri"].endswith(url(order.mint_address))


def test_an_edited_tier_does_not_change_what_was_ordered(client: Client, user: User) -> None:
    order = make_order(user, Tier.objects.get(level=2))
    before = [client.get(url(order.mint_address, part)).content for part in PARTS]
    Tier.objects.filter(level=2).update(name="Other", colour="#000000", trading_fee_reduction="1%")
    assert [client.get(url(order.mint_address, part)).content for part in PARTS] == before


@pytest.mark.parametrize("status", NftStatus.values)
def test_an_nft_without_an_order_keeps_its_own_terms(
    client: Client, user: User, status: str
) -> None:
    nft = make_nft(user, 1, status=status)
    Tier.objects.filter(level=1).update(name="Other", trading_fee_reduction="99%")
    body = client.get(url(nft.mint_address)).json()
    assert body["name"] == "AIW3 Pathfinder"
    assert {"trait_type": "Trading fee reduction", "value": "5%"} in body["attributes"]


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize(
    "mint",
    ["x", "0" * 44, "1" * 45, "%00" * 32, "..%2f..%2fetc%2fpasswd", "é" * 40, f"{'1' * 40}%0a"],
)
def test_a_malformed_mint_is_not_found(client: Client, mint: str, part: str) -> None:
    response = client.get(url(mint, part))
    assert response.status_code == 404
    assert set(response.json()) == {"code", "message", "error_code", "details"}


@pytest.mark.parametrize("part", PARTS)
def test_an_unknown_mint_is_not_found_and_not_cached(client: Client, part: str) -> None:
    response = client.get(url(new_address(), part), headers={"Accept": "image/svg+xml"})
    assert response.status_code == 404
    assert response.json()["error_code"] == "NFT_NOT_FOUND"
    assert "Cache-Control" not in response.headers


@pytest.mark.parametrize("part", PARTS)
def test_any_site_may_read_it_and_nothing_in_it_may_run(
    client: Client, user: User, part: str
) -> None:
    headers = client.get(url(make_nft(user).mint_address, part)).headers
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in headers
    assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "public, max-age=3600"
    assert "Set-Cookie" not in headers
    assert "Cookie" not in headers.get("Vary", "")


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("accept", ["image/svg+xml", "text/html", "application/json", "*/*", ";;"])
def test_every_accept_header_gets_the_one_form(
    client: Client, user: User, part: str, accept: str
) -> None:
    response = client.get(url(make_nft(user).mint_address, part), headers={"Accept": accept})
    assert response.status_code == 200


@pytest.mark.parametrize("part", PARTS)
def test_an_unchanged_face_is_not_sent_again(client: Client, user: User, part: str) -> None:
    path = url(make_nft(user).mint_address, part)
    etag = client.get(path).headers["ETag"]
    again = client.get(path, headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("part", PARTS)
def test_it_is_only_read(client: Client, user: User, part: str) -> None:
    assert client.post(url(make_nft(user).mint_address, part)).status_code == 405


def test_the_picture_names_the_tier_and_the_mint(client: Client, user: User) -> None:
    nft = make_nft(user, 4)
    response = client.get(url(nft.mint_address, "image.svg"))
    assert response.headers["Content-Type"] == "image/svg+xml"
    short = f"{nft.mint_address[:6]} … {nft.mint_address[-6:]}"
    assert words(response.content) == ["AIW3", "LEVEL 4", "Luminary", short]


def test_two_mints_of_a_tier_look_different(client: Client, user: User) -> None:
    orders = [make_order(user, Tier.objects.get(level=5)) for _ in range(2)]
    one, two = (client.get(url(order.mint_address, "image.svg")).content for order in orders)
    assert one != two


def test_the_number_is_in_name_metadata_and_picture(client: Client, user: User) -> None:
    Tier.objects.filter(level=2).update(supply_cap=100, free_benefits={"loungeAccess": True})
    order = make_order(user, Tier.objects.get(level=2))
    MintOrder.objects.filter(id=order.id).update(number=12)
    order.refresh_from_db()
    body = client.get(url(order.mint_address)).json()
    assert body["name"] == texts_of(order)["name"] == "AIW3 Navigator #12"
    assert {"trait_type": "Lounge access", "value": "Yes"} in body["attributes"]
    assert body["attributes"][-1] == {
        "trait_type": "Number",
        "value": 12,
        "display_type": "number",
        "max_value": 100,
    }
    assert "No. 12" in words(client.get(url(order.mint_address, "image.svg")).content)


@pytest.mark.parametrize("part", PARTS)
def test_the_content_hash_says_what_was_sent(client: Client, user: User, part: str) -> None:
    path = url(make_nft(user).mint_address, part)
    response = client.get(path)
    digest = hashlib.sha256(response.content)
    assert response.headers["ETag"] == f'"{digest.hexdigest()}"'
    in_base64 = base64.b64encode(digest.digest()).decode()
    assert response.headers["Repr-Digest"] == f"sha-256=:{in_base64}:"
    named = client.get(f"{path}?sha256={digest.hexdigest()}")
    assert named.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    other = client.get(f"{path}?sha256={'0' * 64}")
    assert other.headers["Cache-Control"] == "public, max-age=3600"


def test_what_was_once_seen_is_kept_whatever_our_drawing_becomes(
    client: Client, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    mint = make_nft(user).mint_address
    before = [client.get(url(mint, part)).content for part in PARTS]
    monkeypatch.setattr(face_files, "draw_picture", lambda face: f"<svg>{face.name}</svg>")
    assert [client.get(url(mint, part)).content for part in PARTS] == before


@pytest.mark.parametrize("harm", ["lost", "damaged"])
def test_what_the_storage_loses_or_damages_is_drawn_again(
    client: Client, user: User, harm: str
) -> None:
    path = url(make_nft(user).mint_address, "image.svg")
    before = client.get(path).content
    name, storage = FaceFile.objects.get().name, storages["nft"]
    storage.delete(name)
    if harm == "damaged":
        storage.save(name, ContentFile(b"something else"))
    assert client.get(path).content == before
    with storage.open(name) as file:
        assert file.read() == before


def test_without_its_storage_an_nft_still_has_its_face(
    client: Client, user: User, settings: Settings
) -> None:
    settings.STORAGES = {
        **settings.STORAGES,
        "nft": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": "/proc/no-such-place"},
        },
    }
    path = url(make_nft(user).mint_address, "image.svg")
    assert client.get(path).status_code == client.get(path).status_code == 200


def test_another_storage_is_a_setting(client: Client, user: User, settings: Settings) -> None:
    settings.STORAGES = {
        **settings.STORAGES,
        "nft": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    }
    content = client.get(url(make_nft(user).mint_address)).content
    with storages["nft"].open(FaceFile.objects.get(part="metadata.json").name) as file:
        assert file.read() == content


def test_a_hostile_tier_name_stays_text(client: Client, user: User) -> None:
    Tier.objects.filter(level=1).update(name=HOSTILE, description=HOSTILE)
    order = make_order(user, Tier.objects.get(level=1))
    picture = client.get(url(order.mint_address, "image.svg")).content
    assert b"<script" not in picture
    assert words(picture)[2] == HOSTILE
    assert client.get(url(order.mint_address)).json()["description"] == HOSTILE


@given(
    name=st.text(max_size=32),
    colour=st.text(max_size=7),
    level=st.integers(1, 200),
    mint=st.binary(min_size=32, max_size=32).map(bytes.hex),
)
def test_every_face_gives_a_well_formed_picture_again_and_again(
    name: str, colour: str, level: int, mint: str
) -> None:
    terms = TierTerms(
        level=level,
        name=name,
        symbol="",
        colour=colour,
        description="",
        required_volume="0",
        badges=[],
        benefits={},
    )
    face = Face(mint, terms)
    picture = draw_picture(face)
    assert len(words(picture)) == 4
    assert draw_picture(face) == picture
