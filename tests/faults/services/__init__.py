"""A proof: analytics, notifications and audit are killed, and equal a replay from zero after it."""
