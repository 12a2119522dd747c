"""Public addresses of an NFT's metadata and picture."""

from django.conf import settings


def metadata_uri(mint_address: str) -> str:
    """What the mint's `uri` field points to."""
    return f"{settings.PUBLIC_BASE_URL}/api/v1/nfts/{mint_address}/metadata.json"


def image_url(mint_address: str) -> str:
    return f"{settings.PUBLIC_BASE_URL}/api/v1/nfts/{mint_address}/image.svg"
