"""Mutation testing: the code that decides verdicts changed one place at a time, and what no test sees."""
