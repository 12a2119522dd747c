"""A proof: everything is killed at random, and in the end every effect equals the log."""
