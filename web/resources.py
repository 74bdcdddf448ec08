"""What the screens share: the records, the store of pictures, the cache of small ones, heads for the moment."""

from dataclasses import dataclass, field
from typing import cast

from starlette.requests import Request

from db.image_store import ImageStore
from db.session import Database
from web.alike import AlikeIndex
from web.picture_cache import PictureCache
from web.safety.door import Door
from worker.learning.provisional_head import ProvisionalHeads


@dataclass(frozen=True)
class Resources:
    """Opened once, when the page starts; safe to share between its threads."""

    database: Database
    store: ImageStore
    small_pictures: PictureCache
    door: Door
    heads: ProvisionalHeads = field(default_factory=ProvisionalHeads)
    alike: AlikeIndex = field(default_factory=AlikeIndex)


def resources(request: Request) -> Resources:
    """Give what the request's application was made with."""
    return cast("Resources", request.app.state.resources)
