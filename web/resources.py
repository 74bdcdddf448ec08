"""What the screens share: the records, the store of pictures, the cache of small ones, heads for the moment."""

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import cast

from starlette.requests import Request

from db.image_store import ImageStore
from db.session import Database
from web.alike import AlikeIndex
from web.kept_sources import KeptSources
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
    sources: KeptSources = field(default_factory=KeptSources)

    @cached_property
    def records(self) -> str:
        """Name the records, by where they are: what a browser keeps for them is for no others."""
        address = self.database.engine.url.set(username=None, password=None)
        if address.get_backend_name() == "sqlite":
            address = address.set(database=str(Path(address.database or "").absolute()), query={})
        return hashlib.sha256(address.render_as_string().encode()).hexdigest()[:16]


def resources(request: Request) -> Resources:
    """Give what the request's application was made with."""
    return cast("Resources", request.app.state.resources)
