"""What peers are asked for is what Tocsin is asked for."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from bench.peers import monit, nagios, prometheus

NAMES, PORTS = ["c00000", "c00001", "c00002"], [4001, 4002]


def test_monit_takes_its_control_file(tmp_path: Path) -> None:
    commands = monit.commands(tmp_path, NAMES, PORTS)
    if commands is None:
        pytest.skip("monit is not installed")
    program = commands[0][0]
    done = subprocess.run([program, "-t", "-c", str(tmp_path / "monitrc")], capture_output=True)
    assert done.returncode == 0, done.stderr
    assert b"syntax OK" in done.stdout + done.stderr


def test_nagios_takes_its_configuration(tmp_path: Path) -> None:
    commands = nagios.commands(tmp_path, NAMES, PORTS)
    if commands is None:
        pytest.skip("nagios is not installed")
    done = subprocess.run([commands[0][0], "-v", commands[0][1]], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert "Checked 3 services" in done.stdout


def test_every_target_is_a_service_of_nagios_at_its_own_port() -> None:
    text = "".join(nagios.objects("/plugins/check_http", NAMES, PORTS))
    assert "check_http!4001!c00000" in text
    assert "check_http!4002!c00001" in text
    assert "check_http!4001!c00002" in text


def test_prometheus_has_every_target_and_tells_the_webhook(tmp_path: Path) -> None:
    urls = [f"http://127.0.0.1:4001/{name}" for name in NAMES]
    commands = prometheus.commands(tmp_path, urls, 4999)
    if commands is None:
        pytest.skip("the Prometheus stack is not installed")
    assert json.loads((tmp_path / "targets.json").read_text()) == [{"targets": urls}]
    assert "127.0.0.1:4999" in (tmp_path / "alertmanager.yml").read_text()
