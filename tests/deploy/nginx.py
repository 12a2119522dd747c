"""The nginx of `deploy/`, as a child process on a free port."""

import fcntl
import os
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.conf import settings

from core.processes import spawn, stop
from demo.servers import free_port
from tests.deploy.certificate import Certificate
from tests.patience import PATIENCE

KEPT = settings.BASE_DIR / "build" / "nginx"


@dataclass
class Proxy:
    base: str
    folder: Path
    process: subprocess.Popen[bytes]

    def logs(self) -> str:
        return "".join(path.read_text() for path in self.folder.glob("*.log"))

    def stop(self) -> None:
        stop(self.process)


def start_nginx(folder: Path, certificate: Certificate, *, upstream: int) -> Proxy:
    """In front of the port `upstream`. Skips the test where nginx cannot be had."""
    program = find_nginx()
    port = free_port()
    configuration = folder / "nginx.conf"
    configuration.write_text(_configure(folder, certificate, port=port, upstream=upstream))
    as_root = " user root;" if os.geteuid() == 0 else ""
    process = spawn(
        [program, "-p", folder, "-c", configuration, "-e", folder / "error.log",
         "-g", f"daemon off;{as_root}"],
        log=None,
    )  # fmt: skip
    proxy = Proxy(f"https://127.0.0.1:{port}", folder, process)
    wait_for_port(port, process)
    return proxy


def wait_for_port(port: int, process: subprocess.Popen[bytes]) -> None:
    """Raises RuntimeError when nobody listens there in time."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as knocking:
            if knocking.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    stop(process)
    raise RuntimeError(f"nothing listens on port {port}")


def _configure(folder: Path, certificate: Certificate, *, port: int, upstream: int) -> str:
    """Only addresses, files and the size change; the rest is what is deployed."""
    text = (settings.BASE_DIR / "deploy" / "nginx.conf").read_text()
    temporary = "".join(
        f"    {kind}_temp_path {folder / kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    for deployed, here in {
        "/run/nginx.pid": f"{folder}/nginx.pid",
        "/var/log/nginx": str(folder),
        "/etc/nginx/tls/fullchain.pem": str(certificate.certificate),
        "/etc/nginx/tls/privkey.pem": str(certificate.key),
        "worker_processes auto;": "worker_processes 2;",
        "worker_rlimit_nofile 65536;": "",
        "worker_connections 32768;": "worker_connections 512;",
        "listen 80;": f"listen 127.0.0.1:{free_port()};",
        "listen 443 ": f"listen 127.0.0.1:{port} ",
        "server 127.0.0.1:8000;": f"server 127.0.0.1:{upstream};",
        "http {\n": "http {\n" + temporary,
    }.items():
        assert deployed in text, f"deploy/nginx.conf does not say {deployed!r}"
        text = text.replace(deployed, here)
    return text


def find_nginx() -> Path:
    """Of this machine, or else of Debian's package, unpacked under build/ and not installed."""
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if found:
        return Path(found)
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        pytest.skip("needs nginx, or apt-get to fetch it")
    KEPT.mkdir(parents=True, exist_ok=True)
    with (KEPT / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        program = KEPT / "usr" / "sbin" / "nginx"
        if not program.exists():
            _unpack_nginx()
    return program


def _unpack_nginx() -> None:
    state = KEPT / "apt"
    for part in ("lists/partial", "cache/archives/partial"):
        (state / part).mkdir(parents=True, exist_ok=True)
    private = ["-o", f"Dir::State::lists={state}/lists", "-o", f"Dir::Cache={state}/cache",
               "-o", "APT::Sandbox::User=root", "-o", "Debug::NoLocking=1", "-qq"]  # fmt: skip
    try:
        for command in (["update"], ["download", "nginx"]):
            subprocess.run(
                ["apt-get", *private, *command], cwd=KEPT, check=True, timeout=PATIENCE,
                capture_output=True,
            )  # fmt: skip
        [package] = KEPT.glob("nginx_*.deb")
        subprocess.run(["dpkg-deb", "-x", package, KEPT], check=True, timeout=PATIENCE)
    except (subprocess.SubprocessError, ValueError) as error:
        pytest.skip(f"nginx could not be fetched: {error}")
    finally:
        shutil.rmtree(state)
