"""The card of an NFT for social networks and wallets that draw no SVG: its picture, as a PNG.

Pillow draws polygons with jagged edges, so what has edges is drawn larger and made smaller. The
letters are those of the admin's theme: Latin, Greek and Cyrillic, wherever this runs.
"""

import io
import math

from django.contrib.staticfiles import finders
from PIL import Image, ImageColor, ImageDraw, ImageFont

from nft.services.faces import Face
from nft.services.pictures import Ring, Shapes, shapes_of

WIDTH, HEIGHT = 1200, 630
NIGHT, WHITE, GREY = (11, 15, 26), (255, 255, 255), (166, 176, 198)
FINER = 2  # times larger
ART = 600  # pixels, as wide and high as the picture's own coordinates
LEFT, TOP = 24, 65  # where the picture's origin lies on the card
CRYSTAL = (300, 250)  # the centre, in the picture's coordinates
WORDS = 640  # pixels from the left

MIDDLE = 0.45  # of the crystal's shine

Point = tuple[float, float]
Colour = tuple[int, int, int]


def draw_card(face: Face) -> bytes:
    """PNG. The same face gives the same pixels, as long as Pillow stays the same."""
    shapes = shapes_of(face)
    card = Image.new("RGB", (WIDTH, HEIGHT), NIGHT)
    _glow(card, shapes.colour)
    _stars(card, shapes)
    art = _crystal(shapes)
    card.paste(art, (LEFT, TOP), art)
    _words(card, face, shapes.colour)
    file = io.BytesIO()
    card.save(file, "PNG")
    return file.getvalue()


def _glow(card: Image.Image, colour: str) -> None:
    """Light in the tier's colour behind the crystal; it has faded at the edge of its square."""
    radius = 640
    light = Image.radial_gradient("L").resize((2 * radius, 2 * radius))
    strength = light.point([max(0, int((172 - value) * 0.72)) for value in range(256)])
    x, y = LEFT + CRYSTAL[0] - radius, TOP + CRYSTAL[1] - radius
    card.paste(Image.new("RGB", light.size, colour), (x, y), strength)


def _stars(card: Image.Image, shapes: Shapes) -> None:
    """Those of the picture, over the whole card."""
    draw = ImageDraw.Draw(card, "RGBA")
    for star in shapes.stars:
        x, y, radius = star.x * WIDTH / ART, star.y * HEIGHT / ART, star.radius
        box = (x - radius, y - radius, x + radius, y + radius)
        draw.ellipse(box, fill=(*WHITE, int(255 * star.opacity)))


def _crystal(shapes: Shapes) -> Image.Image:
    art = Image.new("RGBA", (ART * FINER, ART * FINER))
    draw = ImageDraw.Draw(art)
    for ring in shapes.rings:
        _ring(draw, ring, shapes.colour)
    outer, heart = _points(shapes.crystal), _points(shapes.heart)
    facets = Image.new("L", art.size)
    ImageDraw.Draw(facets).polygon(outer, fill=255)
    art.paste(_shine(art.size, shapes.colour), (0, 0), facets)
    draw.line([*outer, outer[0], outer[1]], fill=(*WHITE, 200), width=2 * FINER, joint="curve")
    over = Image.new("RGBA", art.size)
    ImageDraw.Draw(over).polygon(heart, fill=(*WHITE, 46), outline=(*WHITE, 130), width=FINER)
    return Image.alpha_composite(art, over).resize((ART, ART), Image.Resampling.LANCZOS)


def _ring(draw: ImageDraw.ImageDraw, ring: Ring, colour: str) -> None:
    """Dashes along a circle; `dash` and `gap` are lengths, as in an SVG's stroke."""
    (x, y), radius = CRYSTAL, ring.radius
    box = [FINER * side for side in (x - radius, y - radius, x + radius, y + radius)]
    to_degrees = 360 / (math.tau * radius)
    begin, end = float(ring.turn), ring.turn + 360.0
    while begin < end:
        until = min(begin + ring.dash * to_degrees, end)
        draw.arc(box, begin, until, fill=colour, width=3 * FINER)
        begin += (ring.dash + ring.gap) * to_degrees


def _shine(size: tuple[int, int], colour: str) -> Image.Image:
    """From white over the colour into the night, across the square around the crystal."""
    down = Image.linear_gradient("L")
    slope = Image.blend(down, down.transpose(Image.Transpose.ROTATE_90), 0.5)
    tones = [_tone(at / 255, _rgb(colour)) for at in range(256)]
    bands = [slope.point([tone[band] for tone in tones]) for band in range(3)]
    shine = Image.merge("RGB", bands).resize((224 * FINER, 224 * FINER))
    sheet = Image.new("RGB", size)
    sheet.paste(shine, ((CRYSTAL[0] - 112) * FINER, (CRYSTAL[1] - 112) * FINER))
    return sheet


def _tone(share: float, middle: Colour) -> Colour:
    """Of the way from white to the night, with the tier's colour where 0.45 of it is gone."""
    if share < MIDDLE:
        return _mixed(WHITE, middle, share / MIDDLE)
    return _mixed(middle, NIGHT, (share - MIDDLE) / (1 - MIDDLE))


def _mixed(one: Colour, two: Colour, share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, two, strict=True))
    return red, green, blue


def _rgb(colour: str) -> Colour:
    red, green, blue = ImageColor.getrgb(colour)[:3]
    return red, green, blue


def _points(polygon: str) -> list[Point]:
    corners = (corner.split(",") for corner in polygon.split())
    return [(float(x) * FINER, float(y) * FINER) for x, y in corners]


def _words(card: Image.Image, face: Face, colour: str) -> None:
    draw = ImageDraw.Draw(card)
    number = "" if face.number is None else f"  ·  No. {face.number}"
    name = " ".join(face.terms.name.split())  # one line, whatever an operator wrote
    level = f"Level {face.terms.level}{number}"
    for base, text, ink, weight, most in (
        (226, "AIW3 NFT", GREY, "Medium", 30),
        (330, name, WHITE, "Bold", 88),
        (400, level, WHITE, "Medium", 40),
        (492, face.mint_address, GREY, "Regular", 22),
    ):
        draw.text((WORDS, base), text, ink, _fitting(text, weight, most), anchor="ls")
    draw.rounded_rectangle((WORDS, 430, WORDS + 120, 436), radius=3, fill=colour)


def _fitting(text: str, weight: str, most: int) -> ImageFont.FreeTypeFont:
    """The largest size up to `most` pixels at which the text stays on the card."""
    path = finders.find(f"unfold/fonts/inter/Inter-{weight}.woff2")
    font = ImageFont.truetype(str(path), most)
    room = (WIDTH - WORDS - 48) / max(font.getlength(text), 1)
    return font if room >= 1 else ImageFont.truetype(str(path), max(12, int(most * room)))
