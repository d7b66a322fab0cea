"""The documentation: pages written by hand, and two that are built from the objects they describe."""
