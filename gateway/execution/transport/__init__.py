"""The wire to subgraphs: requests, replies and streams of events."""
