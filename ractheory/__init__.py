"""Numerical verification of the convergence theory of low-rank adaptation.

A theorem is a value: its statement, its hypotheses and its bound are written once, in
`ractheory.theorems`, and compared with runs of the methods that it speaks of.
"""

__version__ = "0.1.0"
