"""What a mint's `uri` points to: metadata and picture, public and without credentials."""

from typing import Any

from django.http import HttpResponse
from django.utils.cache import patch_cache_control
from django.utils.decorators import method_decorator
from django.views.decorators.http import conditional_page
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.permissions import AllowAny
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from nft.services.faces import find_face, metadata_of
from nft.services.pictures import draw_picture

UNKNOWN = OpenApiResponse(description="NFT_NOT_FOUND: none of ours is at this address")
CACHED_FOR = 3600  # seconds; the terms are frozen, only our drawing of them may change


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
        if response.status_code == 200:
            patch_cache_control(response, public=True, max_age=CACHED_FOR)
        return response


class MetadataView(FaceView):
    @extend_schema(
        operation_id="nft_metadata",
        tags=["NFTs"],
        auth=[],
        responses={200: OpenApiTypes.OBJECT, 404: UNKNOWN},
    )
    def get(self, request: Request, mint: str) -> Response:
        """The NFT's metadata in the Metaplex form, from the moment its address is known."""
        return Response(metadata_of(find_face(mint)))


class PictureView(FaceView):
    @extend_schema(
        operation_id="nft_image",
        tags=["NFTs"],
        auth=[],
        responses={(200, "image/svg+xml"): OpenApiTypes.STR, 404: UNKNOWN},
    )
    def get(self, request: Request, mint: str) -> HttpResponse:
        """The NFT's picture, an SVG without scripts, fonts or links."""
        return HttpResponse(draw_picture(find_face(mint)), content_type="image/svg+xml")
