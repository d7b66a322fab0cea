"""Contract tests over the registries, naive oracles, planted errors and properties."""
