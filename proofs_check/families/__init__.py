"""The proofs, one file a theorem family."""
