"""The interface of five lines."""
