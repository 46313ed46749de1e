"""What every area stands on: settings, database, events, tokens, clock, money."""
