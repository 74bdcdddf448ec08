"""What is set aside: stored pictures that are not to be classified, with their reason."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.models import Image
from db.states.image_states import is_set_aside


def count_set_aside(session: Session) -> dict[str, int]:
    """Count the stored pictures that are set aside, by reason."""
    rows = session.execute(
        select(Image.reason, func.count()).where(is_set_aside()).group_by(Image.reason).order_by(Image.reason)
    )
    return {str(reason): count for reason, count in rows}
