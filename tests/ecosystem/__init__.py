"""Agreement with what others ship; each file skips, visibly, where its package is missing."""
