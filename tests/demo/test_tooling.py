"""What the Makefile relies on."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from demo import locks
from demo.configuration import env_file, installation_values
from demo.timing import UpgradeTiming
from tests.patience import PATIENCE

ROOT = Path(__file__).resolve().parent.parent.parent


def test_the_lock_files_answer_the_project_file() -> None:
    assert locks.complaints() == []


def test_a_requirement_that_no_lock_file_has_is_named() -> None:
    wanted = locks.wanted({"dependencies": ["Django>=9"], "optional-dependencies": {}}, ())
    assert locks.unmet(wanted, {"django": "5.2"}) == ["Django>=9 is not met by 5.2"]
    assert locks.unmet(wanted, {}) == ["Django>=9 is not met by None"]


def test_an_installation_keeps_its_secrets(tmp_path: Path) -> None:
    values = installation_values(tmp_path / "secrets.json")
    assert installation_values(tmp_path / "secrets.json") == values
    assert installation_values(tmp_path / "other.json")["SECRET_KEY"] != values["SECRET_KEY"]
    assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600


def test_an_env_file_has_every_value() -> None:
    lines = [line for line in env_file().splitlines() if line and not line.startswith("#")]
    assert [line for line in lines if line.endswith("=") or "PASSWORD@" in line] == []


def test_only_time_that_is_not_the_chains_counts() -> None:
    timing = UpgradeTiming(
        begun=0.0, accepted=0.02, told=0.1, burn_final=3.0, mint_sent=3.05, mint_final=6.0,
        completed=6.01,
    )  # fmt: skip
    assert timing.own_ms == pytest.approx(20 + 50 + 10)
    assert timing.total_ms == pytest.approx(6010)


def test_telling_the_backend_late_is_the_clients_time() -> None:
    timing = UpgradeTiming(
        begun=0.0, accepted=0.02, told=4.0, burn_final=3.0, mint_sent=4.05, mint_final=7.0,
        completed=6.99,
    )  # fmt: skip
    assert timing.own_ms == pytest.approx(20 + 50)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A project with nothing to install, so that only the environment itself is made."""
    for part in ("demo/__init__.py", "demo/install.py", "core/__init__.py", "core/processes.py"):
        (tmp_path / part).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / part, tmp_path / part)
    for name in ("requirements.lock", "requirements-dev.lock"):
        (tmp_path / name).write_text("# nothing\n")
    return tmp_path


def _install(checkout: Path, kind: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "demo.install", kind],
        cwd=checkout, capture_output=True, text=True, timeout=PATIENCE, check=True,
    )  # fmt: skip
    return done.stdout


def test_an_environment_is_made_once_and_anew_when_its_lock_changes(checkout: Path) -> None:
    assert "requirements-dev.lock" in _install(checkout, "dev")
    assert _install(checkout, "runtime") == ""  # part of the other
    (checkout / "requirements-dev.lock").write_text("# still nothing\n")
    leftover = checkout / ".venv" / "leftover"
    leftover.touch()
    assert _install(checkout, "runtime") == ""
    assert "requirements-dev.lock" in _install(checkout, "dev")
    assert not leftover.exists()


def test_an_interrupted_installation_starts_afresh(checkout: Path) -> None:
    (checkout / ".venv" / "bin").mkdir(parents=True)  # what a killed one left: no stamp
    assert "Installing" in _install(checkout, "runtime")
    assert (checkout / ".venv" / "bin" / "python").exists()


def test_a_linked_environment_is_left_alone(checkout: Path) -> None:
    (checkout / "shared").mkdir()
    (checkout / ".venv").symlink_to("shared")
    assert _install(checkout, "dev") == ""
    assert list((checkout / "shared").iterdir()) == []
