"""Proofs of the theorems, checked in exact arithmetic: one file a theorem family."""
