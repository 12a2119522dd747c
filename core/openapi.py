"""How every call is documented: one error shape, and the errors that can happen anywhere."""

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from core.idempotency import HEADER

IDEMPOTENCY_KEY = OpenApiParameter(
    HEADER,
    str,
    OpenApiParameter.HEADER,
    description="1 to 200 characters. A repeated call with the same key and body has one effect "
    "and one answer, for 24 hours.",
)
IN_FLIGHT = "IDEMPOTENCY_IN_FLIGHT: the first call with this key is still running"
UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}


class ErrorSerializer(serializers.Serializer[Any]):
    """Every answer that is not a success."""

    code = serializers.IntegerField(help_text="The HTTP status")
    message = serializers.CharField(help_text="For a person")
    error_code = serializers.CharField(help_text="For a program; stable")
    details = serializers.DictField(help_text="What the error_code promises; often empty")


class Schema(AutoSchema):
    """Adds the answers that follow from how a view is built.

    A view declares only what is its own (`responses={409: OpenApiResponse(description=…)}`);
    every declared error gets the one shape.
    """

    def get_operation(self, *args: Any, **kwargs: Any) -> Any:
        operation = super().get_operation(*args, **kwargs)
        if operation is None:
            return None
        answers = operation["responses"]
        for status, text in self._inferred(operation).items():
            known = answers.setdefault(str(status), {"description": ""})
            known["description"] = "; ".join(filter(None, [known["description"], text]))
        error = self.resolve_serializer(ErrorSerializer, "response").ref
        for status, answer in answers.items():
            if status >= "400":
                answer["content"] = {"application/json": {"schema": error}}
        operation["responses"] = dict(sorted(answers.items()))
        return operation

    def map_parsers(self) -> list[str]:
        """Bodies are read whatever they say they are; a client should still say JSON."""
        return ["application/json"]

    def _inferred(self, operation: dict[str, Any]) -> dict[int, str]:
        """What DRF, `core.idempotency` and the throttles answer by themselves."""
        parameters = {parameter["name"] for parameter in operation.get("parameters", [])}
        found = self._refusals(operation.get("security", []))
        if "requestBody" in operation or HEADER in parameters:
            found |= {400: "The body, a field or a header is not valid", 413: "Over 1 MiB"}
        if any(name.endswith("_id") for name in parameters):
            found[404] = "Unknown, malformed or someone else's"
        if "cursor" in parameters:
            found[404] = "The cursor is not valid"
        if HEADER in parameters:
            found |= {409: IN_FLIGHT, 422: "IDEMPOTENCY_KEY_REUSED: with another body"}
        if self.view.get_throttles():
            found[429] = "RATE_LIMITED; `Retry-After` says when to come back"
        return found

    def _refusals(self, security: list[dict[str, Any]]) -> dict[int, str]:
        found: dict[int, str] = {}
        if security and {} not in security:
            found[401] = "Not signed in, or the proof is not valid any more"
        if {"serviceKey": []} in security:
            found[403] = "The key lacks the scope"
        elif {"browserSession": []} in security and self.method in UNSAFE:
            found[403] = "A browser session without a CSRF token"
        return found
