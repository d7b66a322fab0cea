"""The commands, one module each: `configure(parser)` names the options, `run(options)` does the work.

`run` returns the exit status. The modules import at the top only what is light, so that help and
usage errors answer at once.
"""

COMMANDS: dict[str, str] = {
    "repro": "run the claims: verdict table, results, figures, report",
    "list": "list theorems, claims, objectives, methods, sketches",
    "explain": "explain a theorem: statement, hypotheses, source, proof",
    "sweep": "run a grid of checks from a file: plan, store, table with the theory beside",
    "check": "compare one run with a theorem, with parameters of your own",
    "exact": "expectations on a quadratic, without sampling",
    "predict": "what the theory says of a layer: slow-down, steps, floors",
    "conform": "put an update rule of your own through the checks",
    "report": "draw the page of a finished run again",
    "proofs": "check the proofs",
    "trust": "try the suite against itself: planted errors, null cases, bad inputs, properties",
    "completion": "write the script that completes commands, options and names in your shell",
}
"""Every command and what it does, in the order of the help."""

MODULES: dict[str, str] = {"list": "listing"}
"""Commands whose module is not called like them."""
