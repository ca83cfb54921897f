"""What every request passes: the guard, and the place where whatever goes wrong becomes JSON."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import ClientPayloadError, web
from aiohttp.http_exceptions import BadHttpMessage, HttpProcessingError

from execution.jobs.errors import StoreError
from web.answers import empty_answer, json_answer
from web.refusal import Refusal
from web.security import GUARD, Guard

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

log = logging.getLogger(__name__)

REASONS = {
    400: ("invalid_request", "The request cannot be read.", "Compare it with the API's documentation at /docs."),
    404: ("not_found", "There is nothing at this address.", "The API's documentation at /docs lists all addresses."),
    405: ("method_not_allowed", "This address does not take that method.", "See the API's documentation at /docs."),
    413: ("body_too_large", "The request is larger than is accepted here.", "Send less, or raise --max-upload-size."),
}


@web.middleware
async def tell_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Make a JSON answer of every error. No text of an unexpected one leaves the server; the log has it."""
    try:
        return await handler(request)
    except Refusal as refusal:
        return refused(request, refusal)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        type, message, remedy = REASONS.get(error.status, ("http_error", f"{error.reason}.", ""))
        kept = {name: value for name, value in error.headers.items() if name in ("Allow", "Retry-After", "Location")}
        return refused(request, Refusal(error.status, type, message, remedy, headers=kept))
    except StoreError as error:
        refusal = Refusal(
            503, "storage", str(error), "Nothing that was accepted is lost.", headers={"Retry-After": "10"}
        )
        return refused(request, refusal)
    except (BadHttpMessage, HttpProcessingError, ClientPayloadError, web.RequestPayloadError):
        type, message, remedy = REASONS[400]
        return refused(request, Refusal(400, type, "The request's body is cut off or not encoded as it says.", remedy))
    except ConnectionError:
        raise  # the client has gone: there is nobody to answer
    except Exception:  # the request's border: one bad request must not end more than itself
        reference = secrets.token_hex(4)
        log.exception("Error %s while answering %s %s", reference, request.method, request.path)
        what = f"The server failed to answer this request (reference {reference})."
        remedy = "The server's log tells what happened under that reference. Please report it."
        return refused(request, Refusal(500, "internal_error", what, remedy))


def refused(request: web.Request, refusal: Refusal) -> web.Response:
    """A refusal in the shape that the part of the API uses which was asked."""
    return json_answer(refusal_data(request.path, refusal), refusal.status, refusal.headers)


def refusal_data(path: str, refusal: Refusal) -> dict[str, Any]:
    """The body of a refusal: `{"error": {"code", "message"}}` in API v2, else as the existing API has it."""
    if path.startswith("/api/v2/"):
        error: dict[str, Any] = {"code": refusal.type, "message": refusal.message}
        return {"error": {**error, "details": {"remedy": refusal.remedy}} if refusal.remedy else error}
    return refusal.to_json()


@web.middleware
async def keep_out(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn away pages of other sites, unknown host names, and whoever lacks the token."""
    guard = request.app[GUARD]
    host = request.headers.get("Host")
    if host is not None and not guard.host_allowed(host):
        raise Refusal(
            403,
            "host_not_allowed",
            "The server was asked for under a name that it does not go by.",
            "Use its address; behind a proxy of that name, start it with --enable-cors-header https://NAME.",
        )
    if guard.is_cross_site(request):
        return empty_answer(403)
    if request.method == "OPTIONS":
        return empty_answer()
    if guard.opens_browser(request):
        return _with_cookie(request, guard)
    if not guard.is_known(request):
        what = "This server asks for a token."
        remedy = "Send it as 'Authorization: Bearer TOKEN', or open the link that the server printed when it started."
        raise Refusal(401, "unauthorized", what, remedy, headers={"WWW-Authenticate": "Bearer"})
    return await handler(request)


def _with_cookie(request: web.Request, guard: Guard) -> web.Response:
    """Let the browser keep the proof, and take the token out of the address bar and the history."""
    clean = request.rel_url.without_query_params("token").raw_path_qs
    location = "/" + clean.lstrip("/\\")  # two slashes would lead to another server
    response = web.Response(status=303, headers={"Location": location, "Cache-Control": "no-store"})
    response.set_cookie(
        guard.cookie_name, guard.cookie_value(), httponly=True, samesite="Strict", path="/", max_age=365 * 86_400
    )
    return response
