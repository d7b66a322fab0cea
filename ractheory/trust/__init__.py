"""The suite tried against itself: error rates that hold, and checks that are seen to fail."""
