"""The OpenAPI document for people: Swagger UI from this machine, nothing from anybody else's."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

from fastapi import APIRouter, Request
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import Response

from offnadir.service._problems import ProblemError

router = APIRouter(include_in_schema=False)
_FILES: Final = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon.png": "image/png",
}
#: Scripts of the page itself are inline; it may ask nobody but us.
_POLICY: Final = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'"
)


@router.get("/docs")
def docs(request: Request) -> Response:
    """The page."""
    page = get_swagger_ui_html(
        openapi_url="/openapi.json",
        title=request.app.title,
        swagger_js_url="/docs/swagger-ui-bundle.js",
        swagger_css_url="/docs/swagger-ui.css",
        swagger_favicon_url="/docs/favicon.png",
    )
    page.headers["Content-Security-Policy"] = _POLICY
    return page


@router.get("/docs/{name}")
def docs_file(name: str) -> Response:
    """What the page is made of."""
    if name not in _FILES:
        raise ProblemError(404, "not-found", "there is no such file")
    content = (files("fastapi_offline") / "static" / name).read_bytes()
    headers = {"Cache-Control": "max-age=86400"}
    return Response(content, media_type=_FILES[name], headers=headers)
