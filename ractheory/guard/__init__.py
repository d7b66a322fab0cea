"""A small language model and its guard: the case study of LoRA-Guard, in NumPy alone.

`text` cuts snippets from what ships with Python, `transformer` is the model and its gradient, `frozen` trains
it, `adapters` holds what the guard adds, `shapes` counts the parameters of published models.
"""
