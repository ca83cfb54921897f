"""Jobs: what was asked for, kept in SQLite so that it is never lost."""
