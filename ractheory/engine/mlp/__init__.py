"""A network of linear layers with ReLU and dropout, fine-tuned by every method of the family, many seeds at once.

NumPy with the seeds as leading axis; nothing here is a compiled kernel, so that the folder stands beside the
kernels and not among them. `transcription.py` is the plain form that it is tested against.
"""
