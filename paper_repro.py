"""Run the main job: `python paper_repro.py` takes the options of `ractheory repro`."""

import sys

from ractheory.cli import paper_repro

if __name__ == "__main__":
    sys.exit(paper_repro())
