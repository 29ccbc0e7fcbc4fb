"""Nagios Core 4: a process forked for each check, with check_http of the monitoring plugins."""

from __future__ import annotations

import grp
import os
import pwd
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench import procs

_OBJECTS = """\
define timeperiod {
    timeperiod_name always
    alias always
    sunday 00:00-24:00
    monday 00:00-24:00
    tuesday 00:00-24:00
    wednesday 00:00-24:00
    thursday 00:00-24:00
    friday 00:00-24:00
    saturday 00:00-24:00
}
define command {
    command_name tell
    command_line /bin/true
}
define contact {
    contact_name nobody
    host_notifications_enabled 0
    service_notifications_enabled 0
    host_notification_period always
    service_notification_period always
    host_notification_commands tell
    service_notification_commands tell
}
define host {
    host_name bench
    address 127.0.0.1
    max_check_attempts 1
    active_checks_enabled 0
    check_period always
    notification_period always
    contacts nobody
}
"""


def nagios_cfg(home: Path) -> str:
    """Its main file: an interval's unit is a second, nothing is graphed or told."""
    user, group = pwd.getpwuid(os.getuid()).pw_name, grp.getgrgid(os.getgid()).gr_name
    return f"""\
log_file={home}/nagios.log
cfg_file={home}/objects.cfg
object_cache_file={home}/objects.cache
precached_object_file={home}/objects.precache
status_file={home}/status.dat
state_retention_file={home}/retention.dat
retain_state_information=0
lock_file={home}/nagios.lock
temp_file={home}/nagios.tmp
temp_path={home}
check_result_path={home}/results
command_file={home}/nagios.cmd
query_socket={home}/nagios.qh
check_external_commands=0
nagios_user={user}
nagios_group={group}
interval_length=1
service_check_timeout=5
max_concurrent_checks=0
service_inter_check_delay_method=s
max_service_check_spread=1
service_interleave_factor=s
enable_notifications=0
enable_event_handlers=0
enable_flap_detection=0
use_syslog=0
log_initial_states=0
illegal_macro_output_chars=`~$&|'"<>
check_for_updates=0
"""


def objects(plugin: str, names: Sequence[str], ports: Sequence[int]) -> Iterator[str]:
    """The command and a service for each target."""
    yield _OBJECTS
    yield (
        "define command {\n    command_name check_http\n"
        f"    command_line {plugin} -I 127.0.0.1 -p $ARG1$ -u /$ARG2$ -t 5\n}}\n"
    )
    for number, name in enumerate(names):
        yield (
            f"define service {{\n    host_name bench\n    service_description {name}\n"
            f"    check_command check_http!{ports[number % len(ports)]}!{name}\n"
            "    check_interval 10\n    retry_interval 10\n    max_check_attempts 1\n"
            "    check_period always\n    notification_period always\n    contacts nobody\n}\n"
        )


def commands(home: Path, names: Sequence[str], ports: Sequence[int]) -> list[list[str]] | None:
    """What is to be started, with its configuration written; None if it is not installed."""
    program, plugin = procs.installed("nagios4", "nagios"), procs.installed("check_http")
    if program is None or plugin is None:
        return None
    (home / "results").mkdir()
    file = home / "nagios.cfg"
    file.write_text(nagios_cfg(home), encoding="utf-8")
    (home / "objects.cfg").write_text("".join(objects(plugin, names, ports)), encoding="utf-8")
    return [[program, str(file)]]
