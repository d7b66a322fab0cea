"""The engine: many seeds of a method on an objective, compiled, and its plain transcription."""
