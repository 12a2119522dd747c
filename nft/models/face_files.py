"""What was stored of an NFT's metadata and picture."""

from django.db import models


class FacePart(models.TextChoices):
    """Metadata, picture, and the picture that social networks show, as named in their addresses."""

    METADATA = "metadata.json"
    PICTURE = "image.svg"
    CARD = "card.png"


class FaceFile(models.Model):
    """`sha256` (hex) of the file that this NFT's part has been since it was first asked for.

    The bytes lie in the storage `nft` under their hash; a later change of our drawing changes
    no NFT that was seen before.
    """

    mint_address = models.CharField(max_length=44)
    part = models.CharField(max_length=16, choices=FacePart.choices)
    sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "nft_face_files"
        constraints = [
            models.UniqueConstraint(fields=["mint_address", "part"], name="face_file_once"),
            models.CheckConstraint(
                condition=models.Q(part__in=FacePart.values), name="face_part_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.part} of {self.mint_address}"

    @property
    def name(self) -> str:
        """In the storage."""
        suffix = self.part.rpartition(".")[2]
        return f"{self.sha256[:2]}/{self.sha256}.{suffix}"
