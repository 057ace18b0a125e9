"""Measures genapp on this machine; README.md says how, docs/performance.md what came out."""
