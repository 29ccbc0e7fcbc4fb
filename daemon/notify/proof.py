"""A channel's own templates, tried out when the configuration is read.

Every file is compiled, and every one that makes a part of a message is rendered for sample
messages of each kind; so a slip of the pen is an error that names its file and line, and not a
page that looks other than it was meant to.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any, Final

from daemon.core.chronicle import Notice, NoticeType
from daemon.core.model import AlertState, IncidentState
from daemon.core.severity import Severity
from daemon.notify.channel import Message
from daemon.notify.kinds import AlertKind
from daemon.notify.render import AUDIENCES, PARTS

_SHOWN: Final = 10
"""So many problems are told of at most."""
_KINDS: Final = [kind.value for kind in AlertKind]
_SEVERITIES: Final = [severity.word for severity in Severity]
_MIDDLES: Final = {
    (),
    *((word,) for word in (*_KINDS, *_SEVERITIES)),
    *product(_KINDS, _SEVERITIES),
}
"""What may stand between a part's name and its form."""
_THORNY: Final = 'a "quoted" text, a \\ and\na line'
"""What a template that does not write JSON by itself breaks at."""
_FILES: Final = 500
"""More files than that are no templates."""


def check_templates(directory: Path) -> None:
    """Look at all templates of a directory.

    Raises:
        ValueError: Some are no good; the message says of each where and why.
    """
    problems = list(_problems(directory))
    if problems:
        more = [f"and {len(problems) - _SHOWN} more"] if len(problems) > _SHOWN else []
        raise ValueError("; ".join(problems[:_SHOWN] + more))


def check_json_template(path: Path) -> None:
    """Look at a template that makes a webhook's body.

    Raises:
        ValueError: It fails, or what it makes of a sample is no JSON.
    """
    import msgspec

    from daemon.notify.story import tell
    from daemon.notify.templating import render

    facts = [{"m": tell(message), "body": message.body} for message in samples(_THORNY)]
    problem = problem_of(path.parent, path.name, facts)
    if problem is not None:
        raise ValueError(problem)
    for one in facts:
        try:
            msgspec.json.decode(render(path.parent, path.name, one))
        except msgspec.DecodeError as error:
            raise ValueError(
                f"{path} makes no JSON ({error}); write texts as {{{{ m.title | tojson }}}}"
            ) from None


def problem_of(directory: Path, name: str, facts: list[dict[str, Any]]) -> str | None:
    """Why this template is no good, with its file and line; None if it is.

    Args:
        facts: What it is rendered with, one time after the other.
    """
    from jinja2 import TemplateSyntaxError

    from daemon.notify.templating import environment, render

    try:
        environment(directory).get_template(name)
        for one in facts:
            render(directory, name, one)
    except TemplateSyntaxError as error:
        return f"{error.filename or directory / name}:{error.lineno}: {error.message}"
    except Exception as error:  # noqa: BLE001  # a template can raise whatever an operation does
        return f"{directory / name}:{_line(error, directory)}: {error}"
    return None


def samples(title: str | None = None) -> Iterator[Message]:
    """A message of each kind of alert, made without anything that happened."""
    from daemon.core.plan import Plan
    from daemon.notify.message import Composer
    from daemon.notify.spec import LogSpec
    from daemon.notify.trial import trial_notice

    compose = Composer(Plan)
    page = trial_notice(LogSpec(name="sample"), None, "a check of the configuration", 0)
    if title is not None:
        page = replace(page, incident=replace(page.incident, title=title, summary=title))
    for kind in AlertKind:
        yield compose(_about(page, kind))


def _about(page: Notice, kind: AlertKind) -> Notice:
    if kind is AlertKind.RECOVERY:
        over = replace(
            page.incident, state=IncidentState.RESOLVED, resolved_at=60_000, resolved_by="tocsin"
        )
        calm = tuple(
            replace(alert, state=AlertState.RESOLVED, resolved_at=60_000) for alert in page.alerts
        )
        return replace(page, type=NoticeType.RESOLVED, incident=over, alerts=calm, at=60_000)
    alerts = tuple(
        replace(
            alert,
            labels={**alert.labels, "category": kind.value},
            annotations={**alert.annotations, "status": "down"},
        )
        for alert in page.alerts
    )
    return replace(page, alerts=alerts)


def _problems(directory: Path) -> Iterator[str]:
    from daemon.notify.story import tell

    files = sorted(path for path in directory.rglob("*") if path.suffix in {".txt", ".html"})
    if len(files) > _FILES:
        yield f"{directory} holds more than {_FILES} templates; name a directory of its own"
        return
    facts = [{"m": tell(message), "lead": "", "chart": "", "caption": ""} for message in samples()]
    for path in files:
        name = path.relative_to(directory).as_posix()
        misnamed = _misnamed(name)
        problem = misnamed or problem_of(directory, name, facts if _is_part(name) else [])
        if problem is not None:
            yield f"{path}: {problem}" if misnamed else problem


def _is_part(name: str) -> bool:
    """Whether it makes a part of a message; others are what those include or extend."""
    audience, _, file = name.partition("/")
    return audience in AUDIENCES and "/" not in file and not file.startswith("_")


def _misnamed(name: str) -> str | None:
    """Why nothing would ever use a template of this name."""
    if not _is_part(name):
        return None
    stem, *middle, form = name.partition("/")[2].split(".")
    if f"{stem}.{form}" not in PARTS:
        return f"no part of a message is called {stem}.{form}; what others include begins with _"
    if tuple(middle) in _MIDDLES:
        return None
    kinds = ", ".join(AlertKind)
    return (
        f'"{".".join(middle)}" is neither a kind ({kinds}) nor a severity, nor both in this order'
    )


def _line(error: BaseException, directory: Path) -> int:
    """The line of a template of this directory in which an error arose."""
    frames = traceback.extract_tb(error.__traceback__)
    inner = [one.lineno for one in frames if one.filename.startswith(str(directory))]
    return (inner[-1] if inner else 1) or 1
