import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def shared_folder(name: str) -> Path:
    """The folder of real pages or photos beside the checkout: skipped on a laptop, required in CI."""
    folder = ROOT.parent / "shared" / name
    if folder.is_dir():
        return folder
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI needs the folder {folder}")
    pytest.skip(f"no folder {folder}: real {name} are not shipped with the project")


@pytest.fixture(scope="session")
def shared_amazon() -> Path:
    return shared_folder("amazon")


@pytest.fixture(scope="session")
def shared_photos() -> Path:
    return shared_folder("photos")
