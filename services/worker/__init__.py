"""The event edge: sequencer, readers, sender, schedule."""
