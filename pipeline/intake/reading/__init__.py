"""From a file's bytes to typed rows: what was written and how, nothing of what it means."""
