"""`ractheory completion`: the script that teaches a shell the commands, options and names."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from importlib import import_module

from ractheory.commands import COMMANDS, MODULES
from ractheory.commands.options import Parser, say
from ractheory.suggest import unknown

SHELLS = ("bash", "zsh", "tcsh")

ADVICE = (
    "bash: ractheory completion bash > ~/.local/share/bash-completion/completions/ractheory; "
    "zsh: ractheory completion zsh > a file _ractheory in a folder of $fpath"
)


def configure(parser: Parser) -> None:
    parser.add_argument("shell", metavar="SHELL", help=f"{', '.join(SHELLS)}. {ADVICE}")


def run(options: argparse.Namespace) -> int:
    """Write the script to standard output."""
    if options.shell not in SHELLS:
        raise unknown("shell", options.shell, SHELLS)
    import shtab

    say(shtab.complete(whole_parser(), options.shell))
    return 0


def whole_parser() -> argparse.ArgumentParser:
    """Return one parser of all commands, which a shell is taught from; nothing is parsed with it."""
    parser = argparse.ArgumentParser("ractheory")
    parser.add_argument("--version", action="store_true", help="the version")
    commands = parser.add_subparsers(dest="command")
    for name, text in COMMANDS.items():
        command = Parser(f"ractheory {name}", text)
        import_module(f"ractheory.commands.{MODULES.get(name, name)}").configure(command)
        for action in command._actions:
            _teach(name, action)
        commands.add_parser(name, parents=[command], add_help=False, help=text)
    return parser


def _teach(command: str, action: argparse.Action) -> None:
    """Give `action` the names or the kind of path that it takes, where that is known."""
    import shtab

    metavar = action.metavar if isinstance(action.metavar, str) else ""
    names = NAMES.get((command, action.dest)) or NAMES.get(("", action.dest))
    if names is not None:
        action.choices = names()
    elif metavar == "DIR":
        action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
    elif metavar.split(":")[0] in ("FILE", "FILE.toml", "PATH.py"):
        action.complete = shtab.FILE  # type: ignore[attr-defined]


def _theorems() -> Sequence[str]:
    from ractheory.theorems import THEOREMS

    return list(THEOREMS)


def _claims_and_theorems() -> Sequence[str]:
    from ractheory.claims import CLAIMS

    return [*sorted({claim.theorem for claim in CLAIMS}), *(claim.id for claim in CLAIMS)]


def _objectives() -> Sequence[str]:
    from ractheory.objectives import OBJECTIVES

    return list(OBJECTIVES)


def _methods() -> Sequence[str]:
    from ractheory.methods import METHODS

    return list(METHODS)


def _kinds() -> Sequence[str]:
    from ractheory.commands.listing import KINDS

    return list(KINDS)


NAMES: dict[tuple[str, str], Callable[[], Sequence[str]]] = {
    ("repro", "only"): _claims_and_theorems,
    ("list", "kind"): _kinds,
    ("explain", "id"): _theorems,
    ("check", "theorem"): _theorems,
    ("conform", "theorem"): _theorems,
    ("proofs", "ids"): _theorems,
    ("", "objective"): _objectives,
    ("", "method"): _methods,
    ("completion", "shell"): lambda: SHELLS,
}
"""What an option takes, by command (any where it is empty) and destination."""
