"""What a mint's `uri` points to: metadata and picture, public and without credentials."""

import base64
from typing import Any

from django.http import HttpResponse
from django.utils.cache import patch_cache_control
from django.utils.decorators import method_decorator
from django.views.decorators.http import conditional_page
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.permissions import AllowAny
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from nft.models import FacePart
from nft.services.face_files import face_content

UNKNOWN = OpenApiResponse(description="NFT_NOT_FOUND: none of ours is at this address")
CACHED_FOR = 3600  # seconds, for an address that does not say which content it means
FOR_EVER = 365 * 86_400  # seconds, for one that does

ASKED_HASH = OpenApiParameter(
    "sha256", str, description="The content's hash, as metadata gives it: cached for ever"
)


class IgnoreAccept(DefaultContentNegotiation):
    """Wallets and `<img>` ask for whatever they like and get the one form there is."""

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        return renderers[0], renderers[0].media_type


@method_decorator(conditional_page, name="dispatch")
class FaceView(APIView):
    """Any site may read these, none may run anything that they hold."""

    authentication_classes = []
    permission_classes = [AllowAny]
    content_negotiation_class = IgnoreAccept

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        return response

    def answer(
        self, request: Request, mint: str, part: FacePart, content_type: str
    ) -> HttpResponse:
        content = face_content(mint, part)
        response = HttpResponse(content.body, content_type=content_type)
        response["ETag"] = f'"{content.sha256}"'
        digest = base64.b64encode(bytes.fromhex(content.sha256)).decode()
        response["Repr-Digest"] = f"sha-256=:{digest}:"
        if request.query_params.get("sha256") == content.sha256:
            patch_cache_control(response, public=True, max_age=FOR_EVER, immutable=True)
        else:
            patch_cache_control(response, public=True, max_age=CACHED_FOR)
        return response


class MetadataView(FaceView):
    @extend_schema(
        operation_id="nft_metadata",
        tags=["NFTs"],
        auth=[],
        parameters=[ASKED_HASH],
        responses={200: OpenApiTypes.OBJECT, 404: UNKNOWN},
    )
    def get(self, request: Request, mint: str) -> HttpResponse:
        """The NFT's metadata in the Metaplex form, from the moment its address is known.

        The `ETag` is the content's SHA-256, also in `Repr-Digest`.
        """
        return self.answer(request, mint, FacePart.METADATA, "application/json")


class CardView(FaceView):
    @extend_schema(
        operation_id="nft_card",
        tags=["NFTs"],
        auth=[],
        parameters=[ASKED_HASH],
        responses={(200, "image/png"): OpenApiTypes.BINARY, 404: UNKNOWN},
    )
    def get(self, request: Request, mint: str) -> HttpResponse:
        """The NFT as social networks and wallets without SVG show it: a PNG, 1200 by 630."""
        return self.answer(request, mint, FacePart.CARD, "image/png")


class PictureView(FaceView):
    @extend_schema(
        operation_id="nft_image",
        tags=["NFTs"],
        auth=[],
        parameters=[ASKED_HASH],
        responses={(200, "image/svg+xml"): OpenApiTypes.STR, 404: UNKNOWN},
    )
    def get(self, request: Request, mint: str) -> HttpResponse:
        """The NFT's picture, an SVG without scripts, fonts or links."""
        return self.answer(request, mint, FacePart.PICTURE, "image/svg+xml")
