"""The picture of an NFT: an SVG drawn from its tier and, so that no two are alike, its mint."""

import hashlib
import math
import re
from dataclasses import dataclass

from django.template.loader import render_to_string

from nft.services.faces import Face

CENTRE = 300
COLOUR = re.compile(r"#[0-9a-f]{6}")
NOT_IN_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Dot:
    """Lengths in pixels of a 600 by 600 picture."""

    x: float
    y: float
    radius: float
    opacity: float


@dataclass(frozen=True)
class Ring:
    """`gap` and `dash` are the stroke's pattern, `turn` its rotation in degrees."""

    radius: int
    dash: int
    gap: int
    turn: int


@dataclass(frozen=True)
class Shapes:
    """What tells one NFT from another; `crystal` and `heart` are the `points` of polygons."""

    colour: str
    stars: list[Dot]
    rings: list[Ring]
    crystal: str
    heart: str


def shapes_of(face: Face) -> Shapes:
    noise = hashlib.sha256(face.mint_address.encode()).digest()
    level = face.terms.level
    return Shapes(
        colour=face.terms.colour if COLOUR.fullmatch(face.terms.colour) else "#8c8c8c",
        stars=_stars(noise),
        rings=_rings(noise, level),
        crystal=polygon(sides=level + 3, radius=112, turn=noise[0] * 360 / 256),
        heart=polygon(sides=level + 3, radius=64, turn=noise[1] * 360 / 256),
    )


def draw_picture(face: Face) -> str:
    """An SVG document. The same face always gives the same bytes."""
    level = face.terms.level
    return render_to_string(
        "nft/image.svg",
        {
            **vars(shapes_of(face)),
            "name": _printable(face.terms.name),
            "name_size": min(58, 1000 // max(len(face.terms.name), 1)),
            "level": level,
            "number": face.number,
            "short_mint": f"{face.mint_address[:6]} … {face.mint_address[-6:]}",
            "pips": [CENTRE + 26 * (place - (level - 1) / 2) for place in range(min(level, 12))],
        },
    )


def _printable(text: str) -> str:
    """Without the control characters that no XML document may hold, even escaped."""
    return NOT_IN_XML.sub("", text)


def _stars(noise: bytes) -> list[Dot]:
    """Four bytes a star, from a stream that the mint's address fixes."""
    stream = b"".join(hashlib.sha256(noise + bytes([block])).digest() for block in range(6))
    groups = zip(*[iter(stream)] * 4, strict=True)
    return [
        Dot(
            x=round(x * 600 / 255, 1),
            y=round(y * 600 / 255, 1),
            radius=round(0.6 + size / 160, 2),
            opacity=round(0.25 + light / 400, 2),
        )
        for x, y, size, light in groups
    ]


def _rings(noise: bytes, level: int) -> list[Ring]:
    """One ring a level (at most eight), each with a pattern of its own."""
    return [
        Ring(
            radius=145 + 11 * place,
            dash=20 + noise[8 + place],
            gap=6 + noise[16 + place] // 8,
            turn=noise[24 + place] * 360 // 256,
        )
        for place in range(min(level, 8))
    ]


def polygon(*, sides: int, radius: int, turn: float) -> str:
    """The `points` of a regular polygon around the centre of the crystal."""
    sides = min(sides, 16)
    angles = (math.radians(turn + 360 * corner / sides) for corner in range(sides))
    corners = ((CENTRE + radius * math.cos(a), 250 + radius * math.sin(a)) for a in angles)
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)
