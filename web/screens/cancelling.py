"""Take a planned run back, from its screen."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse

from db.repository.runs import cancel_run
from db.session import Database
from db.states.run_states import Run
from web.resources import resources


async def cancelled(request: Request, run: Run, screen: str) -> RedirectResponse:
    """Cancel the run that the address names if no worker is at it; lead to its screen, which says how it stands."""
    number = request.path_params["id"]
    if number < 2**31:
        await run_in_threadpool(_cancel, resources(request).database, run, number)
    return RedirectResponse(f"{screen}/{number}", 303)


def _cancel(database: Database, run: Run, number: int) -> bool:
    with database.write() as session:
        return cancel_run(session, run, number)
