"""The Recall workspace: an associative memory worked by hand, what it recalls, and why."""
