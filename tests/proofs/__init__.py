"""The checker of the proofs, and the proofs."""
