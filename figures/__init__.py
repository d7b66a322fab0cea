"""Figures drawn from records: one file a figure."""
