"""What people read of the results; made from the claim objects alone."""
