"""The style and the script of all screens, served from here and kept by browsers."""

import hashlib
from pathlib import Path

from fastapi import APIRouter
from markupsafe import Markup
from starlette.responses import Response

routes = APIRouter(include_in_schema=False)
HERE = Path(__file__).parent
KINDS = {
    "console.css": "text/css",
    "screens.css": "text/css",
    "console.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}
BODIES = {name: (HERE / name).read_bytes() for name in KINDS}
MARK = hashlib.sha256(b"".join(BODIES.values())).hexdigest()[:12]
FOREVER = "public, max-age=31536000, immutable"
LINKS = Markup(
    '<link rel="stylesheet" href="{root}/assets/console.css?v={mark}">'
    '<link rel="stylesheet" href="{root}/assets/screens.css?v={mark}">'
    '<link rel="icon" href="{root}/assets/icon.svg?v={mark}">'
    '<script src="{root}/assets/console.js?v={mark}"></script>'
)


def linked(root: str) -> Markup:
    """Return what the head of a page holds to load them."""
    return LINKS.format(root=root, mark=MARK)


@routes.get("/assets/{name}")
async def asset(name: str) -> Response:
    """Return one of them."""
    if name not in BODIES:
        return Response(status_code=404)
    return Response(BODIES[name], media_type=KINDS[name], headers={"cache-control": FOREVER})
