"""Look at products, correct and follow everything on one page: `python -m web --help`."""

import webbrowser
from typing import Annotated

import typer

from db.commands.command_line import run, terminal
from web.errors import WebError

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def web(
    host: Annotated[
        str, typer.Option(help="The address to listen at; another than loopback needs VASTRA_WEB_TOKEN.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8080,
    open_it: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
) -> None:
    """Open the page: look at products, review them by keyboard, follow and start crawls and trainings.

    Prints one address, whose token is good once; the browser that opens it stays known for a month. It reads and
    writes the records at DATABASE_URL as the commands do, and needs no worker to look and review.

    Example: python -m web --open
    """
    from web.opening import open_page  # noqa: PLC0415 - `--help` answers at once

    def announce(address: str) -> None:
        print(address, flush=True)  # noqa: T201 - alone and unwrapped, for people and programs
        terminal.print("The page is open: Ctrl-C ends it.")
        if open_it:
            webbrowser.open(address)

    open_page(host, port, announce)


if __name__ == "__main__":
    run(app, WebError)
