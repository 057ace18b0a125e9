"""One file a change of the schema; run in order by `genapp migrate`."""
