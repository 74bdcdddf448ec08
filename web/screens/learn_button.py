"""The button that has the verdicts learnt: it plans a run, which the schedule sends to a worker."""

from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from db.repository.runs import plan_alone
from web.resources import resources
from worker.errors import NoBodyError, NoEmbeddingsError, NoModelError, NothingToLearnError
from worker.learning.learning_plan import plan_learning

_REFUSALS: Final = (NoBodyError, NoEmbeddingsError, NoModelError, NothingToLearnError)


def learn(request: Request) -> Response:
    """Plan a learning run, or find the one that is planned, and lead to it."""
    try:
        with resources(request).database.write() as session:
            plan_alone(session)  # two who press it at once get the same run
            plan = plan_learning(session)
    except _REFUSALS as error:
        raise HTTPException(409, str(error)) from error
    return RedirectResponse(f"/training/{plan.run_id}", 303)


ROUTES: Final = (Route("/learn", learn, methods=["POST"]),)
