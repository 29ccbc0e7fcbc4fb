"""Prometheus, blackbox_exporter and Alertmanager, as Debian packages them.

Prometheus has the exporter probe each target every 10 s over a fresh connection, evaluates
`probe_success == 0` every 10 s, and hands alerts to Alertmanager, which tells a webhook at
once, each target by itself.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from bench import nginx, procs

PROGRAMS = ("prometheus", "prometheus-blackbox-exporter", "prometheus-alertmanager")

_BLACKBOX = """\
modules:
  http_2xx:
    prober: http
    timeout: 5s
    http:
      preferred_ip_protocol: ip4
"""

_RULES = """\
groups:
  - name: bench
    rules:
      - alert: ProbeFailed
        expr: probe_success == 0
"""


def installed() -> list[str] | None:
    """The three programs; None if one of them is not here."""
    found = [procs.installed(name, name.removeprefix("prometheus-")) for name in PROGRAMS]
    return [name for name in found if name] if all(found) else None


def prometheus_yml(blackbox: int, alertmanager: int, file: Path, rules: Path) -> str:
    """Prometheus' configuration; the targets stand in `file`."""
    return f"""\
global: {{scrape_interval: 10s, scrape_timeout: 5s, evaluation_interval: 10s}}
rule_files: ["{rules}"]
alerting:
  alertmanagers:
    - static_configs: [{{targets: ["127.0.0.1:{alertmanager}"]}}]
scrape_configs:
  - job_name: blackbox
    metrics_path: /probe
    params: {{module: [http_2xx]}}
    file_sd_configs: [{{files: ["{file}"]}}]
    relabel_configs:
      - {{source_labels: [__address__], target_label: __param_target}}
      - {{source_labels: [__param_target], target_label: instance}}
      - {{target_label: __address__, replacement: "127.0.0.1:{blackbox}"}}
"""


def alertmanager_yml(webhook: int) -> str:
    """Alertmanager's: every target is told by itself, at once."""
    return f"""\
route: {{receiver: bench, group_by: [instance], group_wait: 0s, group_interval: 10s}}
receivers:
  - name: bench
    webhook_configs: [{{url: "http://127.0.0.1:{webhook}/", send_resolved: false}}]
"""


def commands(home: Path, urls: Sequence[str], webhook: int) -> list[list[str]] | None:
    """What is to be started, with its configuration written; None if it is not installed."""
    programs = installed()
    if programs is None:
        return None
    server, exporter, manager = programs
    web, blackbox, alertmanager = nginx.free_ports(3)
    targets, rules = home / "targets.json", home / "rules.yml"
    targets.write_text(json.dumps([{"targets": list(urls)}]), encoding="utf-8")
    rules.write_text(_RULES, encoding="utf-8")
    files = {
        "prometheus.yml": prometheus_yml(blackbox, alertmanager, targets, rules),
        "blackbox.yml": _BLACKBOX,
        "alertmanager.yml": alertmanager_yml(webhook),
    }
    for name, text in files.items():
        (home / name).write_text(text, encoding="utf-8")
    return [
        [
            exporter,
            f"--config.file={home}/blackbox.yml",
            f"--web.listen-address=127.0.0.1:{blackbox}",
        ],
        [
            manager,
            f"--config.file={home}/alertmanager.yml",
            f"--storage.path={home}/alertmanager",
            f"--web.listen-address=127.0.0.1:{alertmanager}",
            "--cluster.listen-address=",
        ],
        [
            server,
            f"--config.file={home}/prometheus.yml",
            f"--storage.tsdb.path={home}/tsdb",
            f"--web.listen-address=127.0.0.1:{web}",
        ],
    ]
