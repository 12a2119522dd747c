"""The leaderboards, for everybody; my own place on them, for me."""

from datetime import UTC, datetime, time
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import cache_control
from django.views.decorators.http import conditional_page
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import signed_in_user
from analytics.api.cursors import cursor_of, entry_of
from analytics.api.serializers import PageQuery, PageSerializer, PlaceQuery, PlaceSerializer
from analytics.models import Board, period_start
from analytics.services.board_cache import look_up
from analytics.services.boards import BoardKey, Entry, page_of, short_names
from core.errors import NotFound

SECONDS_KEPT = 10
NO_BOARD = OpenApiResponse(description="There are volume, level, badges and upgrades")


@method_decorator([cache_control(public=True, max_age=SECONDS_KEPT), conditional_page], "dispatch")
class LeaderboardView(APIView):
    authentication_classes = []
    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="leaderboard",
        tags=["leaderboards"],
        auth=[],
        parameters=[PageQuery],
        responses={200: PageSerializer, 400: OpenApiResponse(), 404: NO_BOARD},
    )
    def get(self, request: Request, name: str) -> Response:
        """The members with the highest scores of a day, a week, a month, or of all time."""
        query = PageQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        key = _key(name, asked)
        after = entry_of(asked["cursor"]) if "cursor" in asked else None
        found = page_of(key, after=after, limit=asked["limit"] + 1)
        shown = found[: asked["limit"]]
        more = cursor_of(shown[-1]) if len(found) > len(shown) else None
        names = short_names(entry.user_id for entry in shown)
        page = {
            "results": [_line(entry, names) for entry in shown],
            "next": _next(request, more),
            "start": key.start,
        }
        return Response(PageSerializer(page).data)


class MyPlaceView(APIView):
    @extend_schema(
        operation_id="user_leaderboard",
        tags=["leaderboards"],
        parameters=[PlaceQuery],
        responses={200: PlaceSerializer, 400: OpenApiResponse(), 404: NO_BOARD},
    )
    def get(self, request: Request, name: str) -> Response:
        """My rank, my score, and who is around me; some seconds old at most."""
        query = PlaceQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        key, me = _key(name, query.validated_data), signed_in_user(request).id
        around = query.validated_data["around"]
        place = look_up(key, user_id=me, around=around, now=timezone.now())
        names = short_names(entry.user_id for entry in place.entries)
        entries = [_line(entry, names) | {"isMe": entry.user_id == me} for entry in place.entries]
        answer = {
            "rank": place.rank, "score": place.score, "members": place.members,
            "entries": entries, "start": key.start,
        }  # fmt: skip
        return Response(PlaceSerializer(answer).data)


def _key(name: str, asked: dict[str, Any]) -> BoardKey:
    if name not in Board.values:
        raise NotFound("LEADERBOARD_NOT_FOUND", "There is no leaderboard of this name.")
    day = asked.get("date")
    moment = datetime.combine(day, time(), tzinfo=UTC) if day else timezone.now()
    return BoardKey(name, asked["period"], period_start(asked["period"], moment))


def _line(entry: Entry, names: dict[UUID, str]) -> dict[str, Any]:
    return {"rank": entry.rank, "member": names.get(entry.user_id, "…"), "score": entry.score}


def _next(request: Request, cursor: str | None) -> str | None:
    if cursor is None:
        return None
    query = {**request.query_params.dict(), "cursor": cursor}
    return request.build_absolute_uri(f"{request.path}?{urlencode(query)}")
