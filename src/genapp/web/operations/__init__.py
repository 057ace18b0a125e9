"""The page that shows an admin how the site does; see docs/observing.md."""
