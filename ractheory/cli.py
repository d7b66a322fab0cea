"""The command line: finds the command, hands it its options, turns errors into one line.

Only this is imported for `ractheory --help` and for usage errors; every command imports what it needs.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, NoReturn

import ractheory
from ractheory.commands import COMMANDS, MODULES
from ractheory.errors import UsageError

USAGE, INTERRUPTED = 2, 130


def main(arguments: Sequence[str] | None = None, prog: str = "ractheory") -> int:
    """Run the command that `arguments` name and return the exit status.

    0: everything came out as expected; 1: something did not; 2: unusable input, explained in one line on
    standard error; 130: interrupted.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    _prepare_streams()
    try:
        return _dispatch(words, prog)
    except UsageError as error:
        _complain(prog, str(error))
        return USAGE
    except KeyboardInterrupt:
        _complain(prog, "interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has gone; the interpreter must not find that out again at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except MemoryError as error:
        _complain(prog, f"not enough memory ({error}); choose smaller sizes")
        return USAGE
    except OSError as error:
        _complain(prog, f"{error}; what was finished is kept")
        return 1


def _dispatch(words: list[str], prog: str) -> int:
    from ractheory.suggest import unknown

    if not words:
        raise UsageError.of("command", "none", ", ".join(COMMANDS), f"see '{prog} --help'")
    name, *rest = words
    if name in ("-h", "--help", "help"):
        sys.stdout.write(overview(prog))
        return 0
    if name == "--version":
        sys.stdout.write(f"ractheory {ractheory.__version__}\n")
        return 0
    if name not in COMMANDS:
        raise unknown("command", name, COMMANDS, f"see '{prog} --help'")
    return command(name, rest, f"{prog} {name}")


def command(name: str, words: Sequence[str], prog: str) -> int:
    """Run the command `name` with the options `words`."""
    from ractheory.commands.options import Parser

    module: Any = import_module(f"ractheory.commands.{MODULES.get(name, name)}")
    parser = Parser(prog, COMMANDS[name])
    module.configure(parser)
    try:
        options = parser.parse(words)
    except SystemExit as end:  # --help
        return int(end.code or 0)
    return int(module.run(options))


def paper_repro() -> int:
    """Run the main job for `paper_repro.py`, which takes the options of `ractheory repro`."""
    return main(["repro", *sys.argv[1:]])


def overview(prog: str) -> str:
    """Return the help that lists the commands."""
    width = max(map(len, COMMANDS))
    lines = [f"  {name:{width}}  {text}" for name, text in COMMANDS.items()]
    return "\n".join(
        [
            f"usage: {prog} COMMAND [OPTION ...]",
            "",
            "Numerical verification of the convergence theory of low-rank adaptation.",
            "",
            "commands:",
            *lines,
            "",
            f"'{prog} COMMAND --help' lists the options of a command; '{prog} --version' the version.",
            "",
        ]
    )


def _prepare_streams() -> None:
    """Let output replace what the terminal cannot show; treat a request to end like Ctrl-C."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _interrupt)


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _complain(prog: str, text: str) -> None:
    sys.stderr.write(" ".join(f"{prog}: {text}".split()) + "\n")
