"""Metadata and picture as files: drawn once, kept under their hash in the storage `nft`.

The storage may be any of Django's (disk, S3, Arweave). It is not the truth: what it loses or
damages is drawn again from the order.
"""

import hashlib
import json
import logging
from dataclasses import dataclass

from django.core.files.base import ContentFile
from django.core.files.storage import storages

from nft.models import FaceFile, FacePart
from nft.services.faces import Face, find_face, metadata_of
from nft.services.pictures import draw_picture

logger = logging.getLogger(__name__)
STORAGE = "nft"


@dataclass(frozen=True)
class FaceContent:
    """`sha256` in hex."""

    body: bytes
    sha256: str


def face_content(mint_address: str, part: FacePart) -> FaceContent:
    """Raises NotFound for an address that is malformed or not one of ours."""
    face = find_face(mint_address)  # first, so that nothing is stored for strangers
    row = FaceFile.objects.filter(mint_address=mint_address, part=part).first()
    if row is not None:
        kept = _read(row)
        if kept is not None:
            return FaceContent(kept, row.sha256)
    body = _draw(face, part)
    return _keep(mint_address, part, body, row)


def _draw(face: Face, part: FacePart) -> bytes:
    if part == FacePart.PICTURE:
        return draw_picture(face).encode()
    if part == FacePart.CARD:
        from nft.services.cards import draw_card  # loads Pillow

        return draw_card(face)
    picture = face_content(face.mint_address, FacePart.PICTURE)
    metadata = metadata_of(face, picture_sha256=picture.sha256)
    return json.dumps(metadata, ensure_ascii=False, separators=(",", ":")).encode()


def _keep(mint_address: str, part: FacePart, body: bytes, row: FaceFile | None) -> FaceContent:
    sha256 = hashlib.sha256(body).hexdigest()
    _write(FaceFile(mint_address=mint_address, part=part, sha256=sha256), body)
    if row is None:
        row, _ = FaceFile.objects.get_or_create(
            mint_address=mint_address, part=part, defaults={"sha256": sha256}
        )
    if row.sha256 != sha256:
        logger.warning("%s of %s was lost and is drawn in another way now", part, mint_address)
        FaceFile.objects.filter(id=row.pk).update(sha256=sha256)
    return FaceContent(body, sha256)


def _read(row: FaceFile) -> bytes | None:
    """None when the storage does not have it, is away, or has something else under its name."""
    try:
        with storages[STORAGE].open(row.name) as file:
            body: bytes = file.read()
    except Exception as error:  # noqa: BLE001 - each storage has errors of its own
        logger.warning("%s cannot be read: %s", row, type(error).__name__)
        return None
    return body if hashlib.sha256(body).hexdigest() == row.sha256 else None


def _write(row: FaceFile, body: bytes) -> None:
    """Without the storage an NFT still has its face: it is drawn for every request."""
    storage = storages[STORAGE]
    try:
        if storage.exists(row.name):
            if _read(row) is not None:
                return
            storage.delete(row.name)  # damaged
        storage.save(row.name, ContentFile(body))
    except Exception as error:  # noqa: BLE001 - each storage has errors of its own
        logger.warning("%s cannot be stored: %s", row, type(error).__name__)
