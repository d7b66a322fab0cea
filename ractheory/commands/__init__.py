"""The commands, one module each: `configure(parser)` names the options, `run(options)` does the work.

`run` returns the exit status. The modules import at the top only what is light, so that help and
usage errors answer at once.
"""

from importlib.util import find_spec

ALL: dict[str, str] = {
    "repro": "run the claims: verdict table, results, records",
    "list": "list theorems and sketches",
    "explain": "explain a theorem",
}
"""Every command and what it does, in the order of the help."""

NEEDS: dict[str, str] = {"repro": "ractheory.claims"}
"""Commands that are there only where a module is."""

MODULES: dict[str, str] = {"list": "listing"}
"""Commands whose module is not called like them."""

COMMANDS: dict[str, str] = {
    name: text for name, text in ALL.items() if name not in NEEDS or find_spec(NEEDS[name])
}
