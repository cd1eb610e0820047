"""The views: each draws one figure and reports what the hand does. Views know neither each other nor a file."""
