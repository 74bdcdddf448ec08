"""The compose file, up and running under a project name of its own, and the accidents that happen to it."""

import os
import secrets
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.exc import OperationalError

from db.session import Database
from worker.fleet.waiting import wait_until

ROOT = Path(__file__).parent.parent.parent

OWN = (
    "AWS_ACCESS_KEY_ID", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_SECRET_ACCESS_KEY", "BUILD_STORE",
    "IMAGE_STORE", "VASTRA_CRAWL_HOURS", "VASTRA_LEARN_AFTER", "VASTRA_TRAIN_AFTER", "VASTRA_WEB_HOSTS",
)  # fmt: skip

PROGRAMS = ("crawl-worker", "classifier", "trainer", "beat", "metrics", "web")


def compose_command() -> list[str]:
    """Compose v2 where there is one, else docker-compose 1.29."""
    version = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
    return ["docker", "compose"] if version.returncode == 0 else ["docker-compose"]


def engine_is_there() -> bool:
    if shutil.which("docker") is None:
        return False
    return subprocess.run(["docker", "info"], capture_output=True, check=False).returncode == 0


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@dataclass
class Stack:
    """Services of docker-compose.yml, with passwords and ports of their own.

    Args:
        project: of compose, which names containers and volumes.
        files: of compose, from the root; a later one changes what an earlier one says.
        variables: further ones of the environment, which the files ask for.
    """

    project: str = "vastra-test"
    files: tuple[str, ...] = ("docker-compose.yml",)
    variables: dict[str, str] = field(default_factory=dict)
    postgres_password: str = field(default_factory=lambda: secrets.token_hex(16))
    redis_password: str = field(default_factory=lambda: secrets.token_hex(16))
    web_token: str = field(default_factory=lambda: secrets.token_hex(16))
    postgres_port: int = field(default_factory=free_port)
    redis_port: int = field(default_factory=free_port)
    metrics_port: int = field(default_factory=free_port)
    web_port: int = field(default_factory=free_port)

    @property
    def environment(self) -> dict[str, str]:
        """What compose reads; nothing of the user's own .env gets through, least of all a bucket."""
        return (
            os.environ
            | dict.fromkeys(OWN, "")
            | {
                "VASTRA_LOG": "json",
                "COMPOSE_PROJECT_NAME": self.project,
                "POSTGRES_PASSWORD": self.postgres_password,
                "REDIS_PASSWORD": self.redis_password,
                "POSTGRES_PORT": str(self.postgres_port),
                "REDIS_PORT": str(self.redis_port),
                "METRICS_PORT": str(self.metrics_port),
                "VASTRA_WEB_TOKEN": self.web_token,
                "WEB_PORT": str(self.web_port),
                "COMPOSE_FILE": ":".join(self.files),
                **self.variables,
            }
        )

    @property
    def database_url(self) -> str:
        """As a program on the host reaches the records."""
        return f"postgresql://vastra:{self.postgres_password}@127.0.0.1:{self.postgres_port}/vastra"

    @property
    def broker_url(self) -> str:
        return f"redis://:{self.redis_password}@127.0.0.1:{self.redis_port}/0"

    def compose(self, *words: str, check: bool = True, **changes: str) -> subprocess.CompletedProcess[str]:
        """Run compose; `changes` are environment variables for this run."""
        return subprocess.run(
            [*compose_command(), *words],
            cwd=ROOT, env=self.environment | changes, check=check, capture_output=True, text=True,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip

    def scale(self, service: str, containers: int, **changes: str) -> None:
        """Have so many containers of a service, made anew where `changes` of the environment ask for it."""
        words = ("up", "-d", "--no-deps", "--scale", f"{service}={containers}", service)
        self.compose(*words, check=True, **changes)

    def remove(self) -> None:
        """Remove containers and volumes, also those that a killed run has left with other passwords."""
        profiles = ("--profile", "demo", "--profile", "browser", "--profile", "flower")
        self.compose(*profiles, "down", "--volumes", "--remove-orphans", check=False)

    def in_postgres(self, *words: str, given: bytes = b"") -> bytes:
        """Run a program in the database's container; `given` is its standard input."""
        command = [*compose_command(), "exec", "-T", "postgres", *words]
        job = subprocess.run(
            command, cwd=ROOT, env=self.environment, check=True, capture_output=True, input=given
        )
        return job.stdout

    def containers(self, service: str) -> list[str]:
        return self.compose("ps", "-q", service).stdout.split()

    def inspect(self, container: str, template: str) -> str:
        command = ["docker", "inspect", "--format", template, container]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def is_up(self, service: str) -> bool:
        """Whether every container of the service runs and, where it is asked, is healthy."""
        states = [
            self.inspect(container, "{{.State.Status}}{{with .State.Health}}{{.Status}}{{end}}")
            for container in self.containers(service)
        ]
        return bool(states) and all(state in {"running", "runninghealthy"} for state in states)

    def kill(self, container: str) -> None:
        """SIGKILL everything in a container, as the kernel does when memory is short; it comes back by itself.

        `docker kill` would count as a person's wish, and nothing would come back.
        """
        subprocess.run(
            ["docker", "exec", container, "sh", "-c", "kill -9 -1"], capture_output=True, check=False
        )

    def processes(self, container: str) -> str:
        """Tell the command lines of everything that runs in a container."""
        return subprocess.run(
            ["docker", "top", container, "-o", "pid,args"], capture_output=True, check=False, text=True
        ).stdout

    def pause(self, seconds: float) -> None:
        """Let the moment of an accident be any; nothing is waited for."""
        time.sleep(seconds)

    def log(self, lines: int = 60) -> str:
        return self.compose("logs", f"--tail={lines}", *PROGRAMS, check=False).stdout

    def wait_for_records(self, database: Database, seconds: float = 60) -> None:
        """Wait until PostgreSQL takes connections."""
        assert wait_until(lambda: _answers(database), seconds, every=0.5), self.log()


def _answers(database: Database) -> bool:
    try:
        with database.engine.connect():
            return True
    except OperationalError:
        return False
